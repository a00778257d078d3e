import type { CacheProvider, CacheStats } from '../../ports/cache.js'

/** How {@link SqlCacheProvider.getOrSet} stores the loaded value. */
export interface GetOrSetOptions<T = unknown> {
  /**
   * Time to live in ms; absent: no expiry. A function gets the loaded value and returns its time to live: a value for which it
   * returns 0 is not stored, and one for which it returns `undefined` never expires.
   */
  ttl?: number | ((value: T) => number | undefined)
  /**
   * How many ms after its `ttl` a value is still returned, while a new one is loaded. The first caller that finds the value
   * older than its `ttl` gets it at once and starts one load in the background. When that load fails, the diagnostics hear of
   * it and the next caller starts another. The entry expires after `ttl` and this time together, also for `get`. Default 0.
   */
  staleWhileRevalidate?: number
}

/** Selects keys by their beginning. */
export interface StartsWith {
  /** Only keys that begin with this text. No character in it is a wildcard. Default: every key. */
  startsWith?: string
}

/** Which entries {@link SqlCacheProvider.entries} gives. */
export interface EntriesOptions extends StartsWith {
  /** Only the keys after this one, in the order of their code points. */
  after?: string
  /** The maximum number of entries. Default: all. */
  limit?: number
}

/** The cache port, and what the stores of this package add to it. */
export interface SqlCacheProvider extends CacheProvider {
  /**
   * The value of `key`; `null` when it is absent or expired. {@link has} tells a cached `null` from no entry. The type argument
   * is not checked.
   */
  get(key: string): Promise<unknown>
  get<T>(key: string): Promise<T | null>
  /**
   * The keys of unexpired entries, without prefix.
   *
   * @param pattern `*` and `%` match any run of characters, `?` matches one character. To match a beginning literally, pass
   *   `startsWith`.
   */
  keys(pattern?: string | StartsWith): Promise<string[]>
  /** Removes every entry of this prefix, or only those whose keys begin with `startsWith`. */
  clear(options?: StartsWith): Promise<void>
  /**
   * Keys and values of unexpired entries, in the order of the keys' code points. It reads a page at a time, so that memory does
   * not grow with the number of entries; each page is as the table is when it is read. An entry whose value cannot be decoded
   * is left out and reported to the diagnostics.
   */
  entries(options?: EntriesOptions): AsyncIterableIterator<[string, unknown]>
  entries<T>(options?: EntriesOptions): AsyncIterableIterator<[string, T]>
  /**
   * Sets the time to live of an entry without reading or writing its value.
   *
   * @param ttl ms from now; absent: no expiry.
   * @returns `false` when there is no such entry.
   */
  touch(key: string, ttl?: number): Promise<boolean>
  /** @returns ms until the entry expires; `Infinity` for no expiry, `null` when there is no such entry. */
  ttl(key: string): Promise<number | null>
  /** Reads many keys in one statement. @returns the values of the keys that have an unexpired entry. */
  getMany(keys: Iterable<string>): Promise<Map<string, unknown>>
  getMany<T>(keys: Iterable<string>): Promise<Map<string, T>>
  /**
   * Stores all entries in one statement, all or none.
   *
   * @param ttl Time to live of each, in ms; absent: no expiry.
   * @throws PersistenceError `VALUE_NOT_SERIALIZABLE`, `VALUE_TOO_LARGE`, `INVALID_KEY`, `INVALID_TTL`, `INVALID_ARGUMENT`.
   */
  setMany<T>(entries: Iterable<readonly [string, T]>, ttl?: number): Promise<void>
  /** Removes the entries of many keys in one statement. */
  deleteMany(keys: Iterable<string>): Promise<void>
  /**
   * The cached value of `key`; where there is none, the value that `load` returns, which is then stored.
   *
   * At most one `load` of a key runs at a time in this process, and callers that ask meanwhile share its value or its error. A
   * write or delete of the key through this handle ends the sharing: the running load still answers its callers, its value is
   * not stored, and the next caller starts a new load. Errors are never stored.
   *
   * @throws PersistenceError `INVALID_ARGUMENT` when a `load` asks for its own key, also through the loads of other keys;
   *   `VALUE_NOT_SERIALIZABLE` and `VALUE_TOO_LARGE` for a loaded value that cannot be stored; what `load` throws.
   */
  getOrSet<T>(key: string, load: () => T | Promise<T>, options?: GetOrSetOptions<NoInfer<T>>): Promise<T>
  /** Removes the expired entries of the table. @returns how many. */
  prune(): Promise<number>
  /** Hits and misses of the reads of this adapter, and the number of unexpired entries of its prefix. */
  stats(): Promise<CacheStats>
}
