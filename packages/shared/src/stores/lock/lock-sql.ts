import type { Statement } from '../../queue/statement.js'

/**
 * All statements on the table of locks. They use the lease clock. The row of a grant has `token`, `expires_at`, `marked_at` (the
 * time of the grant in the database) and `ran_at` (the time of this process that was bound).
 */
export interface LockSql {
  readonly table: string
  /**
   * Parameters: key, owner, ttl. Returns no row while another owner holds the lock; holds of the same owner are counted under one
   * token. No two grants share a token, even if calls share the statement.
   */
  readonly acquire: Statement<'one'>
  /** {@link acquire} for an owner that is unique to the call. Repeatable. Absent when no answer can be lost. */
  readonly acquireUnique?: Statement<'one'>
  /** Parameters: key, owner, token, ttl. Returns no row when this grant is over. */
  readonly extendGrant: Statement<'one'>
  /** Parameters: key, owner, ttl. Returns no row when the owner does not hold the lock. */
  readonly extendOwned: Statement<'one'>
  /** Parameters: key, owner, token. Returns a row when it released one hold; the last release frees the lock. */
  readonly release: Statement<'one'>
  /**
   * {@link release} for the hold of {@link acquireUnique}, which is apart from holds that {@link acquire} counts under its owner.
   * Repeatable.
   */
  readonly releaseUnique?: Statement<'one'>
  /** Parameters: key, owner, token. Returns a row while this grant holds the lock. */
  readonly checkGrant: Statement<'one'>
  /**
   * {@link checkGrant} that keeps the lock from being granted again until its transaction ends. Absent when a transaction excludes
   * all other writers.
   */
  readonly enterFence?: Statement<'one'>
  /** {@link checkGrant} after {@link enterFence}, which may have waited. */
  readonly fence?: Statement<'one'>
  /** Parameters: key. */
  readonly forceRelease: Statement<'none'>
  /** The highest stored time, as `marked_at`. Absent when the database's own clock decides. */
  readonly readMark?: Statement<'one'>
  /** The table that {@link readMark} reads. */
  readonly counterTable?: string
  /** Parameters: maximum number of rows. */
  readonly sweep: Statement<'many'>
}
