import { itemsOf, pairsOf } from '../../arguments/iterables.js'
import type { Row, SqlValue } from '../../driver/driver.js'
import { PersistenceError } from '../../errors/persistence-error.js'
import { keyRange } from '../../keys/key-range.js'
import type { CacheStats } from '../../ports/cache.js'
import { allRows, hasRow, nothing, type Parameters } from '../../queue/statement.js'
import type { Session } from '../../session/session.js'
import { Sweeper } from '../../session/sweeper.js'
import { timeToLive } from '../../time/time-to-live.js'
import { CacheListing } from './cache-listing.js'
import { CacheLoading } from './cache-loading.js'
import type { EntriesOptions, GetOrSetOptions, LoadRun, SqlCacheProvider, StartsWith } from './cache-provider.js'
import { ABSENT, CacheRows } from './cache-rows.js'
import type { CacheSql } from './cache-sql.js'
import { HitCounter } from './hit-counter.js'
import { Loads } from './loads.js'

/** A cache in one table. */
export class CacheStore implements SqlCacheProvider {
  readonly #session: Session
  readonly #sql: CacheSql
  readonly #rows: CacheRows
  readonly #listing: CacheListing
  readonly #loading: CacheLoading
  readonly #loads: Loads
  readonly #sweeper: Sweeper
  readonly sweepers: readonly Sweeper[]
  // A field, so that the hot path allocates no closure and the value is decoded before the only promise resolves.
  readonly #valueOrNull = (row: Row | undefined, [stored]: Parameters): unknown => {
    const value = row === undefined ? ABSENT : this.#rows.decode(row.value, stored as string, 'cache.get')
    this.#hitCounter.countRead(value !== ABSENT)
    return value === ABSENT ? null : value
  }
  readonly #hitCounter: HitCounter

  constructor(session: Session, sql: CacheSql) {
    this.#session = session
    this.#sql = sql
    this.#hitCounter = new HitCounter(session.connection.database)
    this.#rows = new CacheRows(session, sql)
    this.#listing = new CacheListing(session, this.#rows)
    this.#loads = session.connection.shared(Loads)
    this.#sweeper = new Sweeper(session, sql.sweep, sql.table)
    this.sweepers = [this.#sweeper]
    this.#loading = new CacheLoading(session, this.#rows, this.#sweeper, this.#hitCounter)
  }

  // Not async, like `set`: an async function that returns a promise resolves its own promise with it, which takes three more
  // microtasks.
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
      const stored = this.#rows.stored(key, 'cache.set')
      const parameters = this.#rows.row(stored, value, timeToLive(ttl, 'cache.set'), 'cache.set')
      if (parameters[2] !== null) this.#sweeper.wrote(1)
      this.#overtake(stored)
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
    return this.#session.execute(this.#sql.has, [stored], hasRow)
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
    const expiry = this.#session.clock.expiry(timeToLive(ttl, 'cache.touch'))
    if (expiry !== null) this.#sweeper.wrote(1)
    return this.#session.execute(this.#sql.touch, [stored, expiry], hasRow)
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
    this.#hitCounter.count(found.size, stored.length - found.size)
    return found
  }

  async setMany<T>(entries: Iterable<readonly [string, T]>, ttl?: number): Promise<void> {
    const pairs = pairsOf(entries, 'cache.setMany', 'entries')
    const lifetime = timeToLive(ttl, 'cache.setMany')
    const rows = pairs.map(([key, value]) =>
      this.#rows.row(this.#rows.stored(key, 'cache.setMany'), value, lifetime, 'cache.setMany'),
    )
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

  getOrSet<T>(key: string, load: (run: LoadRun) => T | Promise<T>, options?: GetOrSetOptions<T>): Promise<T> {
    return this.#loading.getOrSet(key, load, options)
  }

  prune(operation = 'cache.prune'): Promise<number> {
    return this.#sweeper.prune(operation)
  }

  async stats(): Promise<CacheStats> {
    const { first, end } = keyRange(this.#rows.names.start)
    const size = await this.#session.execute(this.#sql.count, [first, end], (row) => Number(row?.size ?? 0))
    const { hits, misses } = this.#hitCounter
    const reads = hits + misses
    return { hits, misses, size, hitRatio: reads === 0 ? 0 : hits / reads }
  }

  #overtake(stored: string): void {
    if (!this.#loads.isEmpty) this.#loads.overtake(this.#rows.entryPrefix + stored)
  }
}

/** Returns ms; `null` when there is no entry. */
function timeLeft(row: Row | undefined): number | null {
  if (row === undefined) return null
  return row.remaining === null ? Number.POSITIVE_INFINITY : Number(row.remaining)
}

/**
 * Returns all rows as the JSON text in which they are sent.
 *
 * @throws PersistenceError `VALUE_TOO_LARGE` for more text than a string can hold.
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
