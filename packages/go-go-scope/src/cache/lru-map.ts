interface Entry<T> {
  value: T
  /** Epoch ms; `Infinity` when it never expires. */
  expiresAt: number
}

/** Values with a time to live; past `maxSize` the one not used for longest goes. The clock is `Date.now`. */
export class LruMap<T> {
  readonly #entries = new Map<string, Entry<T>>()
  readonly #maxSize: number

  constructor(maxSize: number) {
    if (!(maxSize >= 1)) throw new RangeError(`maxSize must be at least 1, got ${maxSize}`)
    this.#maxSize = maxSize
  }

  /** Counts expired entries until they are touched or pruned. */
  get size(): number {
    return this.#entries.size
  }

  /** The unexpired entry; reading it makes it the youngest. */
  get(key: string): Entry<T> | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    if (entry.expiresAt <= Date.now()) return undefined
    this.#entries.set(key, entry)
    return entry
  }

  /** @param ttl ms, above 0; absent or `Infinity` means for ever. */
  set(key: string, value: T, ttl: number = Number.POSITIVE_INFINITY): void {
    if (!(ttl > 0)) throw new RangeError(`ttl must be a number of ms above 0, got ${ttl}; leave it out for no expiry`)
    this.#entries.delete(key)
    this.#entries.set(key, { value, expiresAt: Date.now() + ttl })
    if (this.#entries.size <= this.#maxSize) return
    const oldest = this.#entries.keys().next()
    if (!oldest.done) this.#entries.delete(oldest.value)
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
    const before = this.#entries.size
    for (const [key, entry] of this.#entries) if (entry.expiresAt <= now) this.#entries.delete(key)
    return before - this.#entries.size
  }

  /** Unexpired keys. */
  keys(): string[] {
    this.prune()
    return [...this.#entries.keys()]
  }
}
