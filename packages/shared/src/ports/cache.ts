/** Counters of a cache since it was made. `hitRatio` is hits / (hits + misses), 0 before the first read. */
export interface CacheStats {
  hits: number
  misses: number
  /** Entries that have not expired. */
  size: number
  hitRatio: number
}

/** Values by key with an optional time to live. */
export interface CacheProvider {
  /** `null` when absent or expired; a cached `null` looks the same, and {@link CacheProvider.has} tells the two apart. */
  get<T = unknown>(key: string): Promise<T | null>
  /** @param ttl Time to live in ms; absent means for ever. */
  set<T>(key: string, value: T, ttl?: number): Promise<void>
  delete(key: string): Promise<void>
  has(key: string): Promise<boolean>
  /** Removes every entry of this namespace and of no other. */
  clear(): Promise<void>
  /** Unexpired keys without prefix. In `pattern`, `*` matches any run of characters. */
  keys(pattern?: string): Promise<string[]>
}
