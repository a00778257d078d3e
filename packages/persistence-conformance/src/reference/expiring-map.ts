interface Entry {
  value: unknown
  expiresAt: number | undefined
}

/** A map with an expiry per entry: the cache and idempotency ports without a database. */
export class ExpiringMap {
  readonly #entries = new Map<string, Entry>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  get(key: string): Entry | undefined {
    const entry = this.#entries.get(key)
    return entry !== undefined && this.#lives(entry) ? entry : undefined
  }

  /** @param ttl ms. */
  set(key: string, value: unknown, ttl: number | undefined): void {
    const expires = ttl !== undefined && ttl !== Number.POSITIVE_INFINITY
    this.#entries.set(key, { value, expiresAt: expires ? this.#now() + Math.ceil(ttl) : undefined })
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }

  keys(): string[] {
    return [...this.#entries].filter(([, entry]) => this.#lives(entry)).map(([key]) => key)
  }

  /** Removes expired entries and returns their number. */
  prune(): number {
    const expired = [...this.#entries].filter(([, entry]) => !this.#lives(entry))
    for (const [key] of expired) this.#entries.delete(key)
    return expired.length
  }

  #lives(entry: Entry): boolean {
    return entry.expiresAt === undefined || entry.expiresAt > this.#now()
  }
}
