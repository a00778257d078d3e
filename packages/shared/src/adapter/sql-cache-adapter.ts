import type { OptionNames } from '../arguments/options.js'
import { Connection } from '../connection/connection.js'
import type { DatabaseOwner } from '../connection/database-owner.js'
import type { SqlDriver } from '../driver/driver.js'
import type { CacheStats } from '../ports/cache.js'
import { pruneRegularly } from '../session/prune-timer.js'
import { Session } from '../session/session.js'
import type {
  EntriesOptions,
  GetOrSetOptions,
  LoadRun,
  SqlCacheProvider,
  StartsWith,
} from '../stores/cache/cache-provider.js'
import { CacheStore } from '../stores/cache/cache-store.js'
import { ADAPTER_OPTIONS, type AdapterOptions, givenOptions, resolveOptions } from './adapter-options.js'
import { BaseAdapter } from './base-adapter.js'
import type { Dialect } from './dialect.js'

/** Options of an adapter that has only the cache. */
export interface CacheAdapterOptions extends AdapterOptions {
  /**
   * Name of a table for this cache alone: at most 63 letters, digits and underscores. It must not start with a digit or with a
   * prefix that the database reserves. Default `go_goscope_cache`, the table of the full adapter.
   */
  tableName?: string | undefined
}

export const CACHE_ADAPTER_OPTIONS: OptionNames<CacheAdapterOptions> = { ...ADAPTER_OPTIONS, tableName: true }

/** An adapter with the cache port only. */
export class SqlCacheAdapter extends BaseAdapter implements SqlCacheProvider {
  readonly #cache: CacheStore

  /** @throws PersistenceError `INVALID_OPTION`, `SECOND_COPY`. */
  constructor(
    handle: object,
    driver: () => SqlDriver | DatabaseOwner,
    dialect: Dialect,
    options?: CacheAdapterOptions,
  ) {
    const given = givenOptions(options, CACHE_ADAPTER_OPTIONS)
    const resolved = resolveOptions(given)
    const { sql, setUp } = dialect.cache(given.tableName)
    const connection = Connection.of(handle, driver, dialect, resolved)
    const session = new Session(connection, dialect, resolved, { setUp, readsSettings: false })
    super(session)
    this.#cache = new CacheStore(session, sql)
    pruneRegularly(session, resolved.sweepInterval, this.#cache.sweepers)
  }

  /** Same as `connect`. */
  initialize(): Promise<void> {
    return this.connect()
  }

  get(key: string): Promise<unknown>
  get<T>(key: string): Promise<T | null>
  get<T>(key: string): Promise<T | null> {
    return this.#cache.get<T>(key)
  }

  set<T>(key: string, value: T, ttl?: number): Promise<void> {
    return this.#cache.set(key, value, ttl)
  }

  delete(key: string): Promise<void> {
    return this.#cache.delete(key)
  }

  has(key: string): Promise<boolean> {
    return this.#cache.has(key)
  }

  clear(options?: StartsWith): Promise<void> {
    return this.#cache.clear(options)
  }

  keys(pattern?: string | StartsWith): Promise<string[]> {
    return this.#cache.keys(pattern)
  }

  entries(options?: EntriesOptions): AsyncIterableIterator<[string, unknown]>
  entries<T>(options?: EntriesOptions): AsyncIterableIterator<[string, T]>
  entries<T>(options?: EntriesOptions): AsyncIterableIterator<[string, T]> {
    return this.#cache.entries<T>(options)
  }

  touch(key: string, ttl?: number): Promise<boolean> {
    return this.#cache.touch(key, ttl)
  }

  ttl(key: string): Promise<number | null> {
    return this.#cache.ttl(key)
  }

  getMany(keys: Iterable<string>): Promise<Map<string, unknown>>
  getMany<T>(keys: Iterable<string>): Promise<Map<string, T>>
  getMany<T>(keys: Iterable<string>): Promise<Map<string, T>> {
    return this.#cache.getMany<T>(keys)
  }

  setMany<T>(entries: Iterable<readonly [string, T]>, ttl?: number): Promise<void> {
    return this.#cache.setMany(entries, ttl)
  }

  deleteMany(keys: Iterable<string>): Promise<void> {
    return this.#cache.deleteMany(keys)
  }

  getOrSet<T>(key: string, load: (run: LoadRun) => T | Promise<T>, options?: GetOrSetOptions<T>): Promise<T> {
    return this.#cache.getOrSet(key, load, options)
  }

  prune(): Promise<number> {
    return this.#cache.prune()
  }

  stats(): Promise<CacheStats> {
    return this.#cache.stats()
  }
}
