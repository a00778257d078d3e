import type { CacheProvider, CacheStats } from '../../ports/cache.js'

/** How {@link SqlCacheProvider.getOrSet} stores the loaded value. */
export interface GetOrSetOptions<T = unknown> {
  /**
   * ms; absent means for ever. A function is given the loaded value; what it gives 0 for is not stored, and `undefined`
   * stands for ever.
   */
  ttl?: number | ((value: T) => number | undefined)
  /**
   * How many ms longer the value is given while it is loaded anew: the first caller that finds it older than its `ttl` gets
   * it at once, and begins one load in the background. Its failure goes to the diagnostics, and the next caller begins
   * another. The entry lasts both times together, also for `get`. Default: none.
   */
  staleWhileRevalidate?: number
}

/** Keys that begin with a text, taken literally: no character in it stands for another. */
export interface StartsWith {
  /** Default: every key. */
  startsWith?: string
}

/** Which entries {@link SqlCacheProvider.entries} gives. */
export interface EntriesOptions extends StartsWith {
  /** Only the keys behind this one, in the order of their code points. */
  after?: string
  /** Most entries. Default: all. */
  limit?: number
}

/** The cache port with what our stores add. */
export interface SqlCacheProvider extends CacheProvider {
  /** As the port's; `unknown` unless a type is written, which is taken on trust. */
  get(key: string): Promise<unknown>
  get<T>(key: string): Promise<T | null>
  /**
   * As the port's; in a pattern, `%` also matches any run of characters, and `?` one character. In `startsWith` no
   * character matches any but itself.
   */
  keys(pattern?: string | StartsWith): Promise<string[]>
  /** Removes every entry of this namespace, or of those whose keys begin with `startsWith`. */
  clear(options?: StartsWith): Promise<void>
  /**
   * Keys and values that have not expired, in the order of the keys' code points. It reads a page at a time, each as the
   * table is then, so that memory does not grow with the number of entries. A value that cannot be decoded is left out
   * and reported, as {@link get} does.
   */
  entries(options?: EntriesOptions): AsyncIterableIterator<[string, unknown]>
  entries<T>(options?: EntriesOptions): AsyncIterableIterator<[string, T]>
  /**
   * Has an entry expire `ttl` ms from now, without its value being read or written; never without a `ttl`.
   *
   * @returns `false` when there is no such entry.
   */
  touch(key: string, ttl?: number): Promise<boolean>
  /** ms until the entry expires; `Infinity` for no expiry, `null` when there is no such entry. */
  ttl(key: string): Promise<number | null>
  /** The values of those keys that are present, in one statement. */
  getMany(keys: Iterable<string>): Promise<Map<string, unknown>>
  getMany<T>(keys: Iterable<string>): Promise<Map<string, T>>
  /** Stores all entries in one statement, all or none. @param ttl Time to live in ms, for all of them. */
  setMany<T>(entries: Iterable<readonly [string, T]>, ttl?: number): Promise<void>
  deleteMany(keys: Iterable<string>): Promise<void>
  /**
   * The cached value, or the one `load` gives, which is then stored, unless another value was stored meanwhile: the
   * caller gets the loaded value all the same. At most one `load` of a key runs at a time in this process; callers that
   * ask meanwhile get its value or its error, except those that ask after a write or delete of the key through this
   * handle, for whom `load` runs anew. After such a write the value is not stored; an error never is.
   *
   * @throws PersistenceError `INVALID_ARGUMENT` when a `load` asks for its own key, also through the loads of other keys.
   */
  getOrSet<T>(key: string, load: () => T | Promise<T>, options?: GetOrSetOptions<NoInfer<T>>): Promise<T>
  /** Removes expired entries of the table. Returns how many. */
  prune(): Promise<number>
  /** Hits and misses of this adapter's reads, and the number of unexpired entries of this prefix. */
  stats(): Promise<CacheStats>
}
