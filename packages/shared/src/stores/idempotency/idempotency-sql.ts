import type { Statement } from '../../queue/statement.js'

/** All statements on the table of results. */
export interface ResultSql {
  readonly table: string
  /**
   * Parameters: key. A marker instead of a value (unstored-result.ts) is in `value`, or in `unstored` if the column of values
   * accepts only text.
   */
  readonly get: Statement<'one'>
  /** Parameters: key, value, expiry. */
  readonly set: Statement<'none'>
  /** Parameters: key. */
  readonly delete: Statement<'none'>
  /** Parameters: maximum number of rows. */
  readonly sweep: Statement<'many'>
}

/**
 * All statements on claims and on the records they leave. They use the lease clock unless stated otherwise. The row of a grant
 * has `granted_at` and `expires_at` by the time of the database, and `ran_at`, the time that was bound.
 */
export type ClaimSql = ClaimStatements & (SeparateRecords | RecordsInClaims)

interface ClaimStatements {
  readonly table: string
  readonly recordTable: string
  /**
   * Parameters: key, wall time. Always one row, with or without a record. `judged_at`: the time that decides whether a lease is
   * over.
   */
  readonly readKey: Statement<'one'>
  /**
   * Parameters: key, owner, fingerprint, lease, wall time. Returns a row when the key was free and is the caller's now: the whole
   * decision is in the statement. Calls do not share the statement, because it would not see its own grants.
   */
  readonly grant: Statement<'one'>
  /**
   * Parameters: key. From now on, the end of the claim is notified. Returns a row when the claim is active. Absent for a database
   * without notifications.
   */
  readonly awaitEnd?: Statement<'one'>
  /** Parameters: key, owner, generation, lease. */
  readonly renew: Statement<'one'>
  /** Parameters: key, owner, generation, value, expiry of the value. Ends the claim, also if its lease is over. */
  readonly complete: Statement<'one'>
  /** Parameters: those of {@link complete}, with a marker (unstored-result.ts) instead of the value. */
  readonly completeUnstored: Statement<'one'>
  /** Parameters: key, owner, generation. */
  readonly forget: Statement<'one'>
  /** Parameters: key, generation. Like {@link forget}, for any caller. */
  readonly free: Statement<'one'>
  /** Parameters: maximum number of rows, ms since the end of the lease. */
  readonly sweepClaims: Statement<'many'>
  /** Parameters: maximum number of rows. Uses the wall clock. */
  readonly sweepRecords: Statement<'many'>
}

/** The records of claims have their own table. */
interface SeparateRecords {
  /** Parameters: key, fingerprint, failure, expiry. Follows `complete` or `forget` in one transaction. */
  readonly record: Statement<'none'>
  /** Parameters: key. Deletes a kept failure, which has no result; the record of a result is deleted with it. */
  readonly deleteFailure: Statement<'none'>
  readonly keep?: undefined
}

/** A claim and its record are one row, which keeps its fingerprint. */
interface RecordsInClaims {
  /** Parameters: key, owner, generation, failure, expiry. Ends the claim. */
  readonly keep: Statement<'one'>
  readonly record?: undefined
  readonly deleteFailure?: undefined
}
