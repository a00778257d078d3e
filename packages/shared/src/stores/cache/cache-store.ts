import { invalidArgument } from '../../arguments/invalid.js'
import { itemsOf, pairsOf } from '../../arguments/iterables.js'
import { type OptionNames, readOptions } from '../../arguments/options.js'
import type { Row, SqlValue } from '../../driver/driver.js'
import { PersistenceError } from '../../errors/persistence-error.js'
import { keyRange } from '../../keys/key-range.js'
import type { CacheStats } from '../../ports/cache.js'
import { nothing, type Parameters } from '../../queue/statement.js'
import type { Session } from '../../session/session.js'
import { Sweeper } from '../../session/sweeper.js'
import { timeToLive } from '../../time/time-to-live.js'
import { CacheListing } from './cache-listing.js'
import type { EntriesOptions, GetOrSetOptions, SqlCacheProvider, StartsWith } from './cache-provider.js'
import { ABSENT, CacheRows } from './cache-rows.js'
import type { CacheSql } from './cache-sql.js'
import { type Load, Loads } from './loads.js'

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
  readonly #rows: CacheRows
  readonly #listing: CacheListing
  readonly #loads: Loads
  readonly #sweeper: Sweeper
  readonly sweepers: readonly Sweeper[]
  // Fields, so that the hot path allocates no closure and the value is decoded before the one promise resolves.
  readonly #valueOrAbsent = (row: Row | undefined, [stored]: Parameters): unknown => {
    const value = row === undefined ? ABSENT : this.#rows.decode(row.value, stored as string, 'cache.get')
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
    this.#rows = new CacheRows(session, sql)
    this.#listing = new CacheListing(session, this.#rows)
    this.#loads = session.connection.shared(Loads)
    this.#sweeper = new Sweeper(session, sql.sweep, sql.table)
    this.sweepers = [this.#sweeper]
  }

  // Not async, as `set`: an async function that has a promise to return resolves one of its own with it, which takes
  // three microtasks more.
  get<T>(key: string): Promise<T | null> {
    try {
      const stored = this.#rows.stored(key, 'cache.get')
      return Promise.resolve(this.#session.execute(this.#sql.get, [stored], this.#valueOrNull)) as Promise<T | null>
    } catch (error) {
      return Promise.reject(error)
    }
  }

  set<T>(key: string, value: T, ttl?: number): Promise<void> {
    try {
      const parameters = this.#rows.row(key, value, ttl, 'cache.set')
      if (parameters[2] !== null) this.#sweeper.wrote(1)
      this.#overtake(parameters[0] as string)
      return Promise.resolve(this.#session.execute(this.#sql.set, parameters, nothing))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async delete(key: string): Promise<void> {
    const stored = this.#rows.stored(key, 'cache.delete')
    this.#overtake(stored)
    return this.#session.execute(this.#sql.delete, [stored], nothing)
  }

  async has(key: string): Promise<boolean> {
    const stored = this.#rows.stored(key, 'cache.has')
    return this.#session.execute(this.#sql.has, [stored], isThere)
  }

  clear(options?: StartsWith): Promise<void> {
    return this.#listing.clear(options)
  }

  keys(pattern?: string | StartsWith): Promise<string[]> {
    return this.#listing.keys(pattern)
  }

  entries<T>(options?: EntriesOptions): AsyncIterableIterator<[string, T]> {
    return this.#listing.entries<T>(options)
  }

  async touch(key: string, ttl?: number): Promise<boolean> {
    const stored = this.#rows.stored(key, 'cache.touch')
    const lifetime = timeToLive(ttl, 'cache.touch')
    const expiry = lifetime === undefined ? null : this.#session.clock.expiry(lifetime)
    if (expiry !== null) this.#sweeper.wrote(1)
    return this.#session.execute(this.#sql.touch, [stored, expiry], isThere)
  }

  async ttl(key: string): Promise<number | null> {
    const stored = this.#rows.stored(key, 'cache.ttl')
    return this.#session.execute(this.#sql.timeLeft, [stored], timeLeft)
  }

  async getMany<T>(keys: Iterable<string>): Promise<Map<string, T>> {
    const wanted = [...new Set(itemsOf(keys, 'cache.getMany', 'keys'))]
    const stored = wanted.map((key) => this.#rows.stored(key, 'cache.getMany'))
    const found = new Map<string, T>()
    if (stored.length === 0) return found
    const rows = await this.#session.execute(this.#sql.getMany, [JSON.stringify(stored)], allRows)
    for (const row of rows) {
      const at = row.i as number
      const value = this.#rows.decode<T>(row.value, stored[at] as string, 'cache.getMany')
      if (value !== ABSENT) found.set(wanted[at] as string, value)
    }
    this.#hits += found.size
    this.#misses += stored.length - found.size
    return found
  }

  async setMany<T>(entries: Iterable<readonly [string, T]>, ttl?: number): Promise<void> {
    const pairs = pairsOf(entries, 'cache.setMany', 'entries')
    const rows = pairs.map(([key, value]) => this.#rows.row(key, value, ttl, 'cache.setMany'))
    if (rows.length === 0) return
    if (rows[0]?.[2] !== null) this.#sweeper.wrote(rows.length)
    const text = oneText(rows)
    for (const [stored] of rows) this.#overtake(stored as string)
    return this.#session.execute(this.#sql.setMany, [text], nothing)
  }

  async deleteMany(keys: Iterable<string>): Promise<void> {
    const stored = itemsOf(keys, 'cache.deleteMany', 'keys').map((key) => this.#rows.stored(key, 'cache.deleteMany'))
    if (stored.length === 0) return
    for (const key of stored) this.#overtake(key)
    return this.#session.execute(this.#sql.deleteMany, [JSON.stringify(stored)], nothing)
  }

  async getOrSet<T>(key: string, load: () => T | Promise<T>, options: GetOrSetOptions = {}): Promise<T> {
    if (typeof load !== 'function')
      throw invalidArgument('cache.getOrSet', `load must be a function, got ${typeof load}`)
    const { ttl } = readOptions(options, GET_OR_SET_OPTIONS, 'cache.getOrSet')
    timeToLive(ttl, 'cache.getOrSet')
    const stored = this.#rows.stored(key, 'cache.getOrSet')
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
      const row = this.#rows.row(key, value, ttl, 'cache.getOrSet')
      loading.text = row[1] as string
      await loading.store(() => this.#add(row, unreadable))
      return value
    }
    return this.#loads.share(this.#rows.ofTable + stored, key, begin, read)
  }

  async prune(): Promise<number> {
    if (!this.#session.ready) await this.#session.connect('cache.prune')
    return this.#sweeper.prune()
  }

  async stats(): Promise<CacheStats> {
    const { first, end } = keyRange(this.#rows.names.start)
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
    if (!this.#loads.none) this.#loads.overtake(this.#rows.ofTable + stored)
  }
}

const isThere = (row: Row | undefined): boolean => row !== undefined
/** ms; `null` for no entry. */
function timeLeft(row: Row | undefined): number | null {
  if (row === undefined) return null
  return row.remaining === null ? Number.POSITIVE_INFINITY : Number(row.remaining)
}

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
