import type { Statement } from '../queue/statement.js'
import type { PageStatement, ValuePageStatement } from '../session/row-walk.js'

/**
 * The statements that list what is in a database. None leaves rows out: those of a page are as many as were asked for, so
 * that no statement takes long. `lasts` is 0 for what has expired.
 */
export interface InspectSql {
  /** `owner`, `token`, `holds`, `expires_at`, `lasts`. Clocked by the lease clock. */
  readonly locks: PageStatement
  /** The columns of `CircuitSql`, `key AS k`, `updated_at`, `opened_at`, `isolated` and, as JSON, `probes`. */
  readonly circuits: PageStatement
  /** `owner`, `generation`, `granted_at`, `expires_at`, `lasts`; `expires_at` is NULL where there is no claim. Clocked by the lease clock. */
  readonly claims: PageStatement
  /**
   * `state` (`completed`, `failed` or `unstored`; NULL where there is no result), `fingerprint`, `expires_at`, `lasts`.
   * Clocked by the wall clock.
   */
  readonly results: ValuePageStatement
  /** The same, for failures, where those stand in a table of their own. */
  readonly failures?: ValuePageStatement
  /**
   * A row for each task with its newest checkpoint, whose data is the value: `id`, `sequence`, `timestamp`, `progress`,
   * `estimated_time_remaining`; and `checkpoints`, how many there are.
   */
  readonly tasks: ValuePageStatement
  /** `prefix`. The prefixes that adapters have used. */
  readonly prefixes: PageStatement
  /** Absent where a database has no standbys of ours. */
  readonly standbys?: StandbysSql
  /** Parameters: a name. The greatest `prefix` up to it of which idempotency keys are stored as published. */
  readonly plainPrefix: Statement<'one'>
  /** The `prefix` of which tasks are stored as published. */
  readonly plainTasks: Statement<'one'>
}

/** The texts that list the standbys of a database. */
export interface StandbysSql {
  /** Gives a row where the table of standbys is there. */
  readonly table: string
  /** `id`, `seq`, `behind` and `seen_at`, by `id`. */
  readonly list: string
}
