import type { IdempotencyEntry, IdempotencyProvider } from '@go-go-scope/persistence-core/ports'
import { LruMap } from '../cache/lru-map.js'

export interface InMemoryIdempotencyProviderOptions {
  /** Maximum number of entries. Beyond it the least recently used one is evicted. Default: no limit. */
  maxSize?: number
}

/** The idempotency port in memory. It keeps values by reference. */
export class InMemoryIdempotencyProvider implements IdempotencyProvider {
  readonly #entries: LruMap<unknown>

  constructor(options: InMemoryIdempotencyProviderOptions = {}) {
    this.#entries = new LruMap(options.maxSize ?? Number.POSITIVE_INFINITY)
  }

  /** The number of entries. Expired ones count until they are accessed or cleaned up. */
  get size(): number {
    return this.#entries.size
  }

  async get<T>(key: string): Promise<IdempotencyEntry<T> | null> {
    const entry = this.#entries.get(key)
    if (entry === undefined) return null
    const expiresAt = entry.expiresAt === Number.POSITIVE_INFINITY ? undefined : entry.expiresAt
    // Without a ttl the member is present and `undefined`, as in the published host's provider.
    return { value: entry.value, expiresAt } as IdempotencyEntry<T>
  }

  async set<T>(key: string, value: T, ttl?: number): Promise<void> {
    this.#entries.set(key, value, ttl)
  }

  async delete(key: string): Promise<void> {
    this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }

  /** Removes expired entries and returns their number. */
  cleanup(): number {
    return this.#entries.prune()
  }

  [Symbol.dispose](): void {
    this.#entries.clear()
  }
}

/** Returns an idempotency port in memory. */
export function createIdempotencyProvider(options?: InMemoryIdempotencyProviderOptions): InMemoryIdempotencyProvider {
  return new InMemoryIdempotencyProvider(options)
}
