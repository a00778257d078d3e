import type { Statement } from '../queue/statement.js'
import type { PageStatement, ValuePageStatement } from '../session/row-walk.js'

/**
 * The statements that list the content of a database. None filters rows: every row that is read counts for the page, so that no
 * statement takes long. `lasts` is 0 for an expired row.
 */
export interface InspectSql {
  /** `owner`, `token`, `holds`, `expires_at`, `lasts`. Uses the lease clock. */
  readonly locks: PageStatement
  /** The columns of `CircuitSql`, `key AS k`, `updated_at`, `opened_at`, `isolated` and, as JSON, `probes`. */
  readonly circuits: PageStatement
  /**
   * `owner`, `generation`, `granted_at`, `expires_at`, `lasts`; `expires_at` is NULL when there is no claim. Uses the lease
   * clock.
   */
  readonly claims: PageStatement
  /**
   * `state` (`completed`, `failed` or `unstored`; NULL when there is no result), `fingerprint`, `expires_at`, `lasts`. Uses the
   * wall clock.
   */
  readonly results: ValuePageStatement
  /** The same for failures, if these have their own table. */
  readonly failures?: ValuePageStatement
  /**
   * One row per task with its newest checkpoint, whose data is the value: `id`, `sequence`, `timestamp`, `progress`,
   * `estimated_time_remaining`; and `checkpoints`, the number of its checkpoints.
   */
  readonly tasks: ValuePageStatement
  /** `prefix`: the prefixes that adapters have used. */
  readonly prefixes: PageStatement
  /** Absent for a database without standbys of ours. */
  readonly standbys?: StandbysSql
  /** Parameters: a name. Returns the greatest `prefix` up to it whose idempotency keys are stored as published. */
  readonly plainPrefix: Statement<'one'>
  /** The `prefix` whose tasks are stored as published. */
  readonly plainTasks: Statement<'one'>
}

/** The SQL that lists the standbys of a database. */
export interface StandbysSql {
  /** Returns a row when the table of standbys exists. */
  readonly table: string
  /** `id`, `seq`, `behind` and `seen_at`, by `id`. */
  readonly list: string
}
