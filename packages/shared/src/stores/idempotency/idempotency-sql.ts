import type { Statement } from '../../queue/statement.js'

/** Every statement on the table of results. */
export interface ResultSql {
  readonly table: string
  /**
   * Parameters: key. A mark instead of a value (unstored-result.ts) is `value`, or `unstored` where the column of values
   * takes text only.
   */
  readonly get: Statement<'one'>
  /** Parameters: key, value, expiry. */
  readonly set: Statement<'none'>
  /** Parameters: key. */
  readonly delete: Statement<'none'>
  /** Parameters: most rows. */
  readonly sweep: Statement<'many'>
}

/**
 * Every statement on claims and on the records they leave. Clocked by the lease clock unless said otherwise. The row of a
 * grant gives `granted_at` and `expires_at` by the time of the database, and `ran_at`, the time that was bound.
 */
export interface ClaimSql {
  readonly table: string
  readonly recordTable: string
  /** Parameters: key, wall time. Always one row, with or without a record. `judged_at`: the time by which a lease is over. */
  readonly readKey: Statement<'one'>
  /**
   * Parameters: key, owner, fingerprint, lease, wall time. A row when the key was free and is the caller's now: the whole
   * decision is in the statement. Calls do not share one, because it would not see what it grants itself.
   */
  readonly grant: Statement<'one'>
  /**
   * Parameters: key. From now on the end of the claim is told. A row where the claim is running. Absent where the database
   * tells nothing.
   */
  readonly awaitEnd?: Statement<'one'>
  /** Parameters: key, owner, generation, lease. */
  readonly renew: Statement<'one'>
  /** Parameters: key, owner, generation, value, expiry of the value. Ends the claim. */
  readonly complete: Statement<'one'>
  /** Parameters: those of {@link complete}, with a mark (unstored-result.ts) instead of the value. */
  readonly completeUnstored: Statement<'one'>
  /** Parameters: key, owner, generation. */
  readonly forget: Statement<'one'>
  /** Parameters: key, generation. As {@link forget}, whoever asks. */
  readonly free: Statement<'one'>
  /**
   * Parameters: key, fingerprint, failure, expiry. Follows {@link complete} or {@link forget} in one transaction. Absent
   * where a claim and its record are one row: that keeps its fingerprint by itself.
   */
  readonly record?: Statement<'none'>
  /** Parameters: key, owner, generation, failure, expiry. Ends the claim. Present where {@link record} is not. */
  readonly keep?: Statement<'one'>
  /**
   * Parameters: key. What a deleted result leaves goes with it; this is for a kept failure, which has no result. Absent
   * where both are one row.
   */
  readonly deleteFailure?: Statement<'none'>
  /** Parameters: most rows. */
  readonly sweepClaims: Statement<'many'>
  /** Parameters: most rows. Clocked by the wall clock. */
  readonly sweepRecords: Statement<'many'>
}
