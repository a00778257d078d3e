import type { Statement } from '../../queue/statement.js'
import type { ValuePageStatement } from '../../session/row-walk.js'

/** All statements on one cache table. */
export interface CacheSql {
  readonly table: string
  /** Parameters: key. */
  readonly get: Statement<'one'>
  /** {@link get} by the name of `getOrSet`. */
  readonly getOrLoad: Statement<'one'>
  /** {@link get} that also returns `expires_at` and, in ms, `remaining`; both `null` for no expiry. */
  readonly getWithExpiry: Statement<'one'>
  /** Parameters: JSON array of keys. */
  readonly getMany: Statement<'many'>
  /** Parameters: key, value, expiry. */
  readonly set: Statement<'none'>
  /** Stores unless there is an unexpired entry. Parameters: key, value, expiry. */
  readonly add: Statement<'none'>
  /** Replaces only that value with that expiry. Parameters: key, value, expiry, value and `expires_at` to replace. */
  readonly replace: Statement<'none'>
  /** Deletes the row only while it has that value. Parameters: key, value. */
  readonly discard: Statement<'none'>
  /** Parameters: JSON array of [key, value, expiry]. */
  readonly setMany: Statement<'none'>
  /** Parameters: key. */
  readonly has: Statement<'one'>
  /** Parameters: key. */
  readonly delete: Statement<'none'>
  /** Parameters: JSON array of keys. */
  readonly deleteMany: Statement<'none'>
  /** Parameters: first name, end of range. */
  readonly keys: Statement<'many'>
  /** A row also has `lasts` (0 or 1), `expires_at` and, if that is stored, `created_at` in epoch ms. */
  readonly page: ValuePageStatement
  /** Sets the expiry of an unexpired entry. Parameters: key, expiry. Returns a row when there is such an entry. */
  readonly touch: Statement<'one'>
  /** Parameters: key. A row has `remaining` in ms, `null` for no expiry. */
  readonly timeLeft: Statement<'one'>
  /** Parameters: first name, end of range. */
  readonly clear: Statement<'none'>
  /** Parameters: first name, end of range. */
  readonly count: Statement<'one'>
  /** Parameters: maximum number of rows. */
  readonly sweep: Statement<'many'>
}
