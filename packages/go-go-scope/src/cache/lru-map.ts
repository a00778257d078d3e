import { LRUCache } from 'lru-cache'

interface Entry<T> {
  readonly value: T
  /** Epoch ms; `Infinity` when it never expires. */
  readonly expiresAt: number
}

/**
 * Values with a time to live; past `maxSize` the least recently used one is dropped. The clock is `Date.now`.
 *
 * Expiry is not left to `lru-cache`: there an entry still lives at the very end of its time, and time is monotonic.
 */
export class LruMap<T> {
  readonly #entries: LRUCache<string, Entry<T>>

  /** @param maxSize `Infinity` for no limit. */
  constructor(maxSize: number) {
    if (!(maxSize >= 1)) throw new RangeError(`maxSize must be at least 1, got ${maxSize}`)
    // Not by `max`, which allocates room for all entries at once.
    this.#entries = new LRUCache({
      maxSize: Math.min(Math.floor(maxSize), Number.MAX_SAFE_INTEGER),
      sizeCalculation: () => 1,
    })
  }

  /** Counts expired entries until they are touched or pruned. */
  get size(): number {
    return this.#entries.size
  }

  /** The unexpired entry; reading it makes it the most recently used. */
  get(key: string): Entry<T> | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.expiresAt > Date.now()) return entry
    this.#entries.delete(key)
    return undefined
  }

  /** @param ttl ms, above 0; absent or `Infinity` means for ever. */
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

  /** Drops what has expired; returns how many. */
  prune(): number {
    const now = Date.now()
    const expired = [...this.#entries.entries()].filter(([, entry]) => entry.expiresAt <= now)
    for (const [key] of expired) this.#entries.delete(key)
    return expired.length
  }

  /** Unexpired keys, the least recently used first. */
  keys(): string[] {
    this.prune()
    return [...this.#entries.rkeys()]
  }
}
