import type { CacheProvider, CacheStats } from '../../ports/cache.js'

/** How {@link SqlCacheProvider.getOrSet} stores the loaded value. */
export interface GetOrSetOptions<T = unknown> {
  /**
   * Time to live in ms. Default: no expiry. A function receives the loaded value and returns its time to live: with 0 or
   * less, the value has expired already and is not stored; with `undefined` it never expires.
   */
  ttl?: number | ((value: T) => number | undefined) | undefined
  /**
   * ms after the end of `ttl` for which a stale value is still returned while a new one is loaded. The first caller that finds a
   * stale value gets it immediately and starts one load in the background. If that load fails, the error goes to the diagnostics
   * and the next caller starts another load. The entry expires after `ttl` plus this time, also for `get`; with `Infinity`, never.
   * Default 0.
   */
  staleWhileRevalidate?: number | undefined
  /**
   * Ends the wait of this call for a load: the call rejects with the reason of the signal. The load goes on for other callers.
   * For a time limit, pass `AbortSignal.timeout(ms)`. Default: none.
   */
  signal?: AbortSignal | undefined
}

/** What the `load` of {@link SqlCacheProvider.getOrSet} gets. */
export interface LoadRun {
  /**
   * Aborts when all callers of this thread that wait for the value have given up. Callers of other threads then load themselves.
   * If the load returns a value nevertheless, the value is stored.
   */
  readonly signal: AbortSignal
}

/** Selects keys by prefix. */
export interface StartsWith {
  /** Only keys that start with this text. It has no wildcards. Default: every key. */
  startsWith?: string | undefined
}

/** Selects the entries that {@link SqlCacheProvider.entries} yields. */
export interface EntriesOptions extends StartsWith {
  /** Only keys after this one, in code point order. */
  after?: string | undefined
  /** The maximum number of entries. Default: all. */
  limit?: number | undefined
}

/** The cache port with the additions of this package. */
export interface SqlCacheProvider extends CacheProvider {
  /**
   * Returns the value of `key`, or `null` when it is absent or expired. {@link has} distinguishes a cached `null` from a missing
   * entry. The type argument is not checked.
   */
  get(key: string): Promise<unknown>
  get<T>(key: string): Promise<T | null>
  /**
   * Returns the keys of unexpired entries, without prefix.
   *
   * @param pattern `*` and `%` match any run of characters, `?` matches one character. To match a prefix literally, pass
   *   `startsWith`.
   */
  keys(pattern?: string | StartsWith): Promise<string[]>
  /** Removes every entry of this prefix, or only those whose keys start with `startsWith`. */
  clear(options?: StartsWith): Promise<void>
  /**
   * Yields keys and values of unexpired entries, in code point order of the keys. It reads a page at a time, each in the present
   * state of the table, so memory use does not grow with the number of entries. An entry whose value cannot be decoded is skipped
   * and reported to the diagnostics.
   *
   * @throws PersistenceError at the call: `INVALID_KEY`, `INVALID_ARGUMENT`.
   */
  entries(options?: EntriesOptions): AsyncIterableIterator<[string, unknown]>
  entries<T>(options?: EntriesOptions): AsyncIterableIterator<[string, T]>
  /**
   * Sets the time to live of an entry without reading or writing its value.
   *
   * @param ttl ms from now. Default: no expiry.
   * @returns `false` when there is no such entry.
   * @throws (as a rejection) PersistenceError `INVALID_KEY`, `INVALID_TTL`.
   */
  touch(key: string, ttl?: number): Promise<boolean>
  /** @returns ms until the entry expires; `Infinity` for no expiry, `null` when there is no such entry. */
  ttl(key: string): Promise<number | null>
  /**
   * Reads many keys in one statement. A value that cannot be decoded is reported to the diagnostics and counts as absent.
   *
   * @returns the values of the keys that have an unexpired entry.
   * @throws (as a rejection) PersistenceError `INVALID_KEY`, `INVALID_ARGUMENT`.
   */
  getMany(keys: Iterable<string>): Promise<Map<string, unknown>>
  getMany<T>(keys: Iterable<string>): Promise<Map<string, T>>
  /**
   * Stores all entries in one statement, all or none.
   *
   * @param ttl Time to live of each entry in ms. Default: no expiry.
   * @throws (as a rejection) PersistenceError `VALUE_NOT_SERIALIZABLE`, `VALUE_TOO_LARGE`, `INVALID_KEY`, `INVALID_TTL`,
   *   `INVALID_ARGUMENT`.
   */
  setMany<T>(entries: Iterable<readonly [string, T]>, ttl?: number): Promise<void>
  /** Removes the entries of many keys in one statement. */
  deleteMany(keys: Iterable<string>): Promise<void>
  /**
   * Returns the cached value of `key`. On a cache miss, calls `load`, stores the value that it returns, and returns it.
   *
   * At most one `load` of a key runs at a time in this process. Concurrent callers share its value or its error. A write or
   * delete of the key through this handle ends the sharing: the running load still answers its callers, its value is not stored,
   * and the next caller starts a new load. Errors are never stored.
   *
   * @throws (as a rejection) PersistenceError `INVALID_ARGUMENT` when a `load` requests its own key, also through the loads of
   *   other keys; `VALUE_NOT_SERIALIZABLE` and `VALUE_TOO_LARGE` for a loaded value that cannot be stored; any error of `load`; the
   *   reason of `signal`.
   *
   * @example
   * ```ts
   * const rates = await persistence.cache.getOrSet('rates', async () => ({ EUR: 1 }), { ttl: 60_000, staleWhileRevalidate: 10_000 })
   * ```
   */
  getOrSet<T>(key: string, load: (run: LoadRun) => T | Promise<T>, options?: GetOrSetOptions<T>): Promise<T>
  /** Removes the expired entries of the table. @returns the number of removed entries. */
  prune(): Promise<number>
  /** Returns hits and misses of the reads of this adapter, and the number of unexpired entries of its prefix. */
  stats(): Promise<CacheStats>
}
