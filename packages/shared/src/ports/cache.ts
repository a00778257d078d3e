/** Counters of a cache since it was made. */
export interface CacheStats {
  /** Keys that were read and found. */
  hits: number
  /** Keys that were read and not found. */
  misses: number
  /** Entries that have not expired. */
  size: number
  /** hits / (hits + misses), 0 before the first read. */
  hitRatio: number
}

/** Values by key with an optional time to live. */
export interface CacheProvider {
  /**
   * Returns the value of `key`, or `null` when it is absent or expired. {@link CacheProvider.has} distinguishes a cached `null`
   * from a missing entry.
   */
  get<T = unknown>(key: string): Promise<T | null>
  /**
   * Stores a value and replaces the previous one.
   *
   * @param ttl Time to live in ms. Default: no expiry.
   * @throws (as a rejection) from a store in a database: `VALUE_NOT_SERIALIZABLE`, `VALUE_TOO_LARGE`, `INVALID_KEY`,
   *   `INVALID_TTL`.
   */
  set<T>(key: string, value: T, ttl?: number): Promise<void>
  /** Removes the entry of `key`. No error when there is none. */
  delete(key: string): Promise<void>
  /** Returns whether `key` has an entry that has not expired. */
  has(key: string): Promise<boolean>
  /** Removes every entry of this namespace, and of no other. */
  clear(): Promise<void>
  /** Returns the keys of unexpired entries, without prefix. In `pattern`, `*` matches any run of characters. */
  keys(pattern?: string): Promise<string[]>
}
