import { invalidArgument } from '../../arguments/invalid.js'
import { itemsOf, pairsOf } from '../../arguments/iterables.js'
import { checkKey, unbindable } from '../../arguments/limits.js'
import { type OptionNames, readOptions } from '../../arguments/options.js'
import type { Row, SqlValue } from '../../driver/driver.js'
import { PersistenceError } from '../../errors/persistence-error.js'
import { keyPattern } from '../../keys/key-pattern.js'
import { keyRange } from '../../keys/key-range.js'
import { type PrefixedNames, taggedNames } from '../../keys/key-space.js'
import type { CacheStats } from '../../ports/cache.js'
import { nothing, type Parameters } from '../../queue/statement.js'
import type { Session } from '../../session/session.js'
import { Sweeper } from '../../session/sweeper.js'
import { timeToLive } from '../../time/time-to-live.js'
import type { GetOrSetOptions, SqlCacheProvider } from './cache-provider.js'
import type { CacheSql } from './cache-sql.js'
import { entryOf, type Load, Loads } from './loads.js'

/** Marks a key that has no readable value; a cached `null` or `undefined` is a value. */
const ABSENT = Symbol('absent')

const GET_OR_SET_OPTIONS: OptionNames<GetOrSetOptions> = { ttl: true }

/** A stored value that cannot be decoded. */
class Unreadable {
  readonly stored: SqlValue

  constructor(stored: SqlValue) {
    this.stored = stored
  }
}

/** A cache in one table. */
export class CacheStore implements SqlCacheProvider {
  readonly #session: Session
  readonly #sql: CacheSql
  readonly #names: PrefixedNames
  readonly #loads: Loads
  /** Put before a stored key to name the entry among those of all tables. */
  readonly #ofTable: string
  readonly #sweeper: Sweeper
  readonly sweepers: readonly Sweeper[]
  // Fields, so that the hot path allocates no closure and the value is decoded before the one promise resolves.
  readonly #valueOrAbsent = (row: Row | undefined, [stored]: Parameters): unknown => {
    const value = row === undefined ? ABSENT : this.#decode(row.value, stored as string, 'cache.get')
    if (value === ABSENT) this.#misses++
    else this.#hits++
    return value
  }
  readonly #valueOrNull = (row: Row | undefined, parameters: Parameters): unknown => {
    const value = this.#valueOrAbsent(row, parameters)
    return value === ABSENT ? null : value
  }
  readonly #valueOrUnreadable = (row: Row | undefined, parameters: Parameters): unknown => {
    const value = this.#valueOrAbsent(row, parameters)
    return value === ABSENT && row !== undefined ? new Unreadable(row.value as SqlValue) : value
  }
  #hits = 0
  #misses = 0

  constructor(session: Session, sql: CacheSql) {
    this.#session = session
    this.#sql = sql
    this.#names = taggedNames(session.prefix, 'cache:')
    this.#loads = session.connection.shared(Loads)
    this.#ofTable = entryOf(sql.table, '')
    this.#sweeper = new Sweeper(session, sql.sweep, sql.table)
    this.sweepers = [this.#sweeper]
  }

  // Not async, as `set`: an async function that has a promise to return resolves one of its own with it, which takes
  // three microtasks more.
  get<T>(key: string): Promise<T | null> {
    try {
      const stored = this.#stored(key, 'cache.get')
      return Promise.resolve(this.#session.execute(this.#sql.get, [stored], this.#valueOrNull)) as Promise<T | null>
    } catch (error) {
      return Promise.reject(error)
    }
  }

  set<T>(key: string, value: T, ttl?: number): Promise<void> {
    try {
      const parameters = this.#row(key, value, ttl, 'cache.set')
      if (parameters[2] !== null) this.#sweeper.wrote(1)
      this.#overtake(parameters[0] as string)
      return Promise.resolve(this.#session.execute(this.#sql.set, parameters, nothing))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async delete(key: string): Promise<void> {
    const stored = this.#stored(key, 'cache.delete')
    this.#overtake(stored)
    return this.#session.execute(this.#sql.delete, [stored], nothing)
  }

  async has(key: string): Promise<boolean> {
    const stored = this.#stored(key, 'cache.has')
    return this.#session.execute(this.#sql.has, [stored], isThere)
  }

  async clear(): Promise<void> {
    const { first, end } = keyRange(this.#names.start)
    this.#loads.overtakeAll(this.#ofTable + this.#names.start)
    return this.#session.execute(this.#sql.clear, [first, end], nothing)
  }

  async keys(pattern = '*'): Promise<string[]> {
    if (typeof pattern !== 'string')
      throw invalidArgument('cache.keys', `pattern must be a string, got ${typeof pattern}`)
    const { literalStart, matches } = keyPattern(pattern)
    if (unbindable(literalStart) !== undefined) return []
    const { first, end } = keyRange(this.#names.store(literalStart))
    return this.#session.execute(this.#sql.keys, [first, end], (rows) =>
      rows.map((row) => this.#names.restore(String(row.key))).filter(matches),
    )
  }

  async getMany<T>(keys: Iterable<string>): Promise<Map<string, T>> {
    const wanted = [...new Set(itemsOf(keys, 'cache.getMany', 'keys'))]
    const stored = wanted.map((key) => this.#stored(key, 'cache.getMany'))
    const found = new Map<string, T>()
    if (stored.length === 0) return found
    const rows = await this.#session.execute(this.#sql.getMany, [JSON.stringify(stored)], allRows)
    for (const row of rows) {
      const at = row.i as number
      const value = this.#decode<T>(row.value, stored[at] as string, 'cache.getMany')
      if (value !== ABSENT) found.set(wanted[at] as string, value)
    }
    this.#hits += found.size
    this.#misses += stored.length - found.size
    return found
  }

  async setMany<T>(entries: Iterable<readonly [string, T]>, ttl?: number): Promise<void> {
    const pairs = pairsOf(entries, 'cache.setMany', 'entries')
    const rows = pairs.map(([key, value]) => this.#row(key, value, ttl, 'cache.setMany'))
    if (rows.length === 0) return
    if (rows[0]?.[2] !== null) this.#sweeper.wrote(rows.length)
    const text = oneText(rows)
    for (const [stored] of rows) this.#overtake(stored as string)
    return this.#session.execute(this.#sql.setMany, [text], nothing)
  }

  async deleteMany(keys: Iterable<string>): Promise<void> {
    const stored = itemsOf(keys, 'cache.deleteMany', 'keys').map((key) => this.#stored(key, 'cache.deleteMany'))
    if (stored.length === 0) return
    for (const key of stored) this.#overtake(key)
    return this.#session.execute(this.#sql.deleteMany, [JSON.stringify(stored)], nothing)
  }

  async getOrSet<T>(key: string, load: () => T | Promise<T>, options: GetOrSetOptions = {}): Promise<T> {
    if (typeof load !== 'function')
      throw invalidArgument('cache.getOrSet', `load must be a function, got ${typeof load}`)
    const { ttl } = readOptions(options, GET_OR_SET_OPTIONS, 'cache.getOrSet')
    timeToLive(ttl, 'cache.getOrSet')
    const stored = this.#stored(key, 'cache.getOrSet')
    if (!this.#session.ready) await this.#session.connect('cache.getOrSet')
    const cached = await this.#session.execute(this.#sql.get, [stored], this.#valueOrUnreadable)
    const unreadable = cached instanceof Unreadable ? cached.stored : undefined
    if (cached !== ABSENT && unreadable === undefined) return cached as T
    const read = (text: string): T => this.#session.values.decode<T>(text, this.#sql.table, stored, 'cache.getOrSet')
    const begin = async (loading: Load): Promise<T> => {
      // Another thread or process may have had the turn between the look and this one.
      const meanwhile = loading.turn === undefined || unreadable !== undefined ? null : await this.#textOf(stored)
      if (meanwhile !== null) {
        loading.text = meanwhile
        return read(meanwhile)
      }
      const value = await loading.run(load)
      const row = this.#row(key, value, ttl, 'cache.getOrSet')
      loading.text = row[1] as string
      await loading.store(() => this.#add(row, unreadable))
      return value
    }
    return this.#loads.share(this.#ofTable + stored, key, begin, read)
  }

  async prune(): Promise<number> {
    if (!this.#session.ready) await this.#session.connect('cache.prune')
    return this.#sweeper.prune()
  }

  async stats(): Promise<CacheStats> {
    const { first, end } = keyRange(this.#names.start)
    const size = await this.#session.execute(this.#sql.count, [first, end], (row) => Number(row?.size ?? 0))
    const reads = this.#hits + this.#misses
    return { hits: this.#hits, misses: this.#misses, size, hitRatio: reads === 0 ? 0 : this.#hits / reads }
  }

  /** The encoded value of a key; `null` where there is none. */
  async #textOf(stored: string): Promise<string | null> {
    return this.#session.execute(this.#sql.get, [stored], (row) => (typeof row?.value === 'string' ? row.value : null))
  }

  /** Stores the row where nothing unexpired is but what could not be read. */
  async #add(row: SqlValue[], unreadable: SqlValue | undefined): Promise<void> {
    if (row[2] !== null) this.#sweeper.wrote(1)
    if (unreadable === undefined) return this.#session.execute(this.#sql.add, row, nothing)
    const [stored = null] = row
    const discarded = this.#session.execute(this.#sql.discard, [stored, unreadable], nothing)
    await Promise.all([discarded, this.#session.execute(this.#sql.add, row, nothing)])
  }

  #overtake(stored: string): void {
    if (!this.#loads.none) this.#loads.overtake(this.#ofTable + stored)
  }

  /** A row that cannot be decoded is a miss: a cache can be filled again. It is reported. */
  #decode<T>(text: SqlValue | undefined, stored: string, operation: string): T | typeof ABSENT {
    try {
      return this.#session.values.decode<T>(text, this.#sql.table, stored, operation)
    } catch (error) {
      if (!(error instanceof PersistenceError)) throw error
      this.#session.diagnostics.emit({ type: 'unreadable-row', table: this.#sql.table, key: stored, error })
      return ABSENT
    }
  }

  #row(key: string, value: unknown, ttl: number | undefined, operation: string): SqlValue[] {
    const stored = this.#stored(key, operation)
    const lifetime = timeToLive(ttl, operation)
    const text = this.#session.values.encode(value, operation)
    return [stored, text, lifetime === undefined ? null : this.#session.clock.expiry(lifetime)]
  }

  #stored(key: string, operation: string): string {
    checkKey(key, this.#session.maxKeyLength, operation)
    return this.#names.store(key)
  }
}

const isThere = (row: Row | undefined): boolean => row !== undefined
const allRows = (rows: readonly Row[]): readonly Row[] => rows

/**
 * All rows as the JSON text they are sent as.
 *
 * @throws PersistenceError `VALUE_TOO_LARGE` for more than a string holds.
 */
function oneText(rows: readonly SqlValue[][]): string {
  try {
    return JSON.stringify(rows)
  } catch (cause) {
    throw new PersistenceError(
      'VALUE_TOO_LARGE',
      'cache.setMany',
      `cache.setMany: ${rows.length} entries together are larger than one string can be; store them in several calls`,
      cause,
    )
  }
}
