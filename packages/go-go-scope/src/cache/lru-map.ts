import { LRUCache } from 'lru-cache'

interface Entry<T> {
  readonly value: T
  /** Epoch ms; `Infinity` for an entry that never expires. */
  readonly expiresAt: number
}

/**
 * An LRU map with a time to live per entry. Beyond `maxSize` the least recently used entry is evicted.
 *
 * Expiry is implemented here because `lru-cache` still returns an entry at its exact expiry, and uses monotonic time, which on
 * Linux stands still while the machine is suspended: an entry of a minute would outlast a night. The wall clock is the one by
 * which the adapters expire results and cache entries, so both are affected alike when it is set.
 */
export class LruMap<T> {
  readonly #entries: LRUCache<string, Entry<T>>

  /** @param maxSize `Infinity` for no limit. */
  constructor(maxSize: number) {
    if (!(maxSize >= 1)) throw new RangeError(`maxSize must be at least 1, got ${maxSize}`)
    // Not `max`, which allocates memory for all entries at once.
    this.#entries = new LRUCache({
      maxSize: Math.min(Math.floor(maxSize), Number.MAX_SAFE_INTEGER),
      sizeCalculation: () => 1,
    })
  }

  /** The number of entries. Expired ones count until they are accessed or pruned. */
  get size(): number {
    return this.#entries.size
  }

  /** Returns the entry unless it has expired, and makes it the most recently used. */
  get(key: string): Entry<T> | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.expiresAt > Date.now()) return entry
    this.#entries.delete(key)
    return undefined
  }

  /** @param ttl ms, above 0. Absent or `Infinity` means forever. */
  set(key: string, value: T, ttl: number = Number.POSITIVE_INFINITY): void {
    if (!(ttl > 0)) throw new RangeError(`ttl must be a number of ms above 0, got ${ttl}; leave it out for no expiry`)
    this.#entries.set(key, { value, expiresAt: Date.now() + ttl })
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }

  /** Removes expired entries and returns their number. */
  prune(): number {
    const now = Date.now()
    const expired = [...this.#entries.entries()].filter(([, entry]) => entry.expiresAt <= now)
    for (const [key] of expired) this.#entries.delete(key)
    return expired.length
  }

  /** Returns the keys of unexpired entries, the least recently used first. */
  keys(): string[] {
    this.prune()
    return [...this.#entries.rkeys()]
  }
}
