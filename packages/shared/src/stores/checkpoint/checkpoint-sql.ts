import type { Statement } from '../../queue/statement.js'

/** All statements on the table of checkpoints. */
export interface CheckpointSql {
  readonly table: string
  /** Parameters: id, task, sequence, timestamp, progress, data, estimated time remaining. */
  readonly save: Statement<'none'>
  /** Parameters: task. */
  readonly loadLatest: Statement<'one'>
  /** Parameters: id. */
  readonly load: Statement<'one'>
  /** Parameters: task. */
  readonly list: Statement<'many'>
  /** Parameters: task, how many to keep. Costs the rows kept and the rows deleted, not the rows of the table. */
  readonly cleanup: Statement<'none'>
  /** Parameters: task. */
  readonly deleteAll: Statement<'none'>
}
