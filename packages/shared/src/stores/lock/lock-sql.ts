import type { Statement } from '../../queue/statement.js'

/**
 * Every statement on the table of locks. Clocked by the lease clock. A row of a grant gives `token`, `expires_at`,
 * `marked_at` (the time of the grant in the database) and `ran_at` (the time that was bound).
 */
export interface LockSql {
  readonly table: string
  /** The table of the last token and of the highest time that was stored. */
  readonly counterTable: string
  /**
   * Parameters: key, owner, ttl. No row while another owner holds the lock; the same owner's holds are counted under one
   * token. No two grants share a token, also where calls share the statement.
   */
  readonly acquire: Statement<'one'>
  /** Parameters: key, owner, token, ttl. No row when this grant is over. */
  readonly extendGrant: Statement<'one'>
  /** Parameters: key, owner, ttl. No row when the owner does not hold the lock. */
  readonly extendOwned: Statement<'one'>
  /** Parameters: key, owner, token. A row when it gave one hold back; the last one frees the lock. */
  readonly release: Statement<'one'>
  /** Parameters: key, owner, token. A row while this grant holds the lock. */
  readonly checkGrant: Statement<'one'>
  /** Parameters: key. */
  readonly forceRelease: Statement<'none'>
  /** The highest time that was stored, as `marked_at`. */
  readonly readMark: Statement<'one'>
  /** Parameters: most rows. */
  readonly sweep: Statement<'many'>
}
