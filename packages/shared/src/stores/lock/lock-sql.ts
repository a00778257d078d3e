import type { Statement } from '../../queue/statement.js'

/**
 * Every statement on the table of locks. Clocked by the lease clock. A row of a grant gives `token`, `expires_at`,
 * `marked_at` (the time of the grant in the database) and `ran_at` (the time of this process that was bound).
 */
export interface LockSql {
  readonly table: string
  /**
   * Parameters: key, owner, ttl. No row while another owner holds the lock; the same owner's holds are counted under one
   * token. No two grants share a token, also where calls share the statement.
   */
  readonly acquire: Statement<'one'>
  /** {@link acquire} for an owner that no other call gives. Repeatable. Absent where no answer can be lost. */
  readonly acquireUnique?: Statement<'one'>
  /** Parameters: key, owner, token, ttl. No row when this grant is over. */
  readonly extendGrant: Statement<'one'>
  /** Parameters: key, owner, ttl. No row when the owner does not hold the lock. */
  readonly extendOwned: Statement<'one'>
  /** Parameters: key, owner, token. A row when it gave one hold back; the last one frees the lock. */
  readonly release: Statement<'one'>
  /** {@link release} for an owner of {@link acquireUnique}. Repeatable. */
  readonly releaseUnique?: Statement<'one'>
  /** Parameters: key, owner, token. A row while this grant holds the lock. */
  readonly checkGrant: Statement<'one'>
  /**
   * {@link checkGrant} that keeps the row from being granted anew until its transaction ends. Absent where a transaction
   * keeps out all other writers.
   */
  readonly fence?: Statement<'one'>
  /** Parameters: key. */
  readonly forceRelease: Statement<'none'>
  /** The highest time that was stored, as `marked_at`. Absent where the database's own clock judges. */
  readonly readMark?: Statement<'one'>
  /** The table that {@link readMark} reads. */
  readonly counterTable?: string
  /** Parameters: most rows. */
  readonly sweep: Statement<'many'>
}
