import { checkKey } from '../../arguments/limits.js'
import type { SqlValue } from '../../driver/driver.js'
import { hasCode } from '../../errors/persistence-error.js'
import { type PrefixedNames, taggedNames } from '../../keys/key-space.js'
import type { Session } from '../../session/session.js'
import type { CacheSql } from './cache-sql.js'
import { entryOf } from './loads.js'

/** Marks a key without a readable value; a cached `null` or `undefined` is a value. */
export const ABSENT: unique symbol = Symbol('absent')

/** The rows of one adapter's entries in a cache table. */
export class CacheRows {
  readonly sql: CacheSql
  readonly names: PrefixedNames
  /** How the names of this table's entries start, among the entries of all cache tables. */
  readonly entryPrefix: string
  readonly #session: Session

  constructor(session: Session, sql: CacheSql) {
    this.#session = session
    this.sql = sql
    this.names = taggedNames(session.prefix, 'cache:')
    this.entryPrefix = entryOf(sql.table, '')
  }

  /** @throws PersistenceError `INVALID_KEY`. */
  stored(key: string, operation: string): string {
    checkKey(key, this.#session.maxKeyLength, operation)
    return this.names.store(key)
  }

  /**
   * Returns the parameters of a write: the stored key, the encoded value and the expiry.
   *
   * @param lifetime ms; `undefined` for no expiry.
   * @throws PersistenceError for a value that cannot be stored.
   */
  row(stored: string, value: unknown, lifetime: number | undefined, operation: string): SqlValue[] {
    const text = this.#session.values.encode(value, operation)
    return [stored, text, lifetime === undefined ? null : this.#session.clock.expiry(lifetime)]
  }

  /** Decodes a value. An undecodable value is reported and counts as a miss, because a cache can be refilled. */
  decode<T>(text: SqlValue | undefined, stored: string, operation: string): T | typeof ABSENT {
    try {
      return this.#session.values.decode<T>(text, this.sql.table, stored, operation)
    } catch (error) {
      if (!hasCode(error, 'VALUE_UNREADABLE')) throw error
      this.#session.diagnostics.emit({ type: 'unreadable-row', table: this.sql.table, key: stored, error })
      return ABSENT
    }
  }
}
