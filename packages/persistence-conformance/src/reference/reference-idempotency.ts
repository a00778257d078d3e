import type { IdempotencyEntry, IdempotencyProvider } from '@go-go-scope/persistence-core/ports'
import { ExpiringMap } from './expiring-map.js'

export class ReferenceIdempotency implements IdempotencyProvider {
  readonly #entries: ExpiringMap

  constructor(now: () => number) {
    this.#entries = new ExpiringMap(now)
  }

  async get<T>(key: string): Promise<IdempotencyEntry<T> | null> {
    const entry = this.#entries.get(key)
    if (entry === undefined) return null
    const value = entry.value as T
    return entry.expiresAt === undefined ? { value } : { value, expiresAt: entry.expiresAt }
  }

  async set<T>(key: string, value: T, ttl?: number): Promise<void> {
    this.#entries.set(key, value, ttl)
  }

  async delete(key: string): Promise<void> {
    this.#entries.delete(key)
  }

  async prune(): Promise<number> {
    return this.#entries.prune()
  }
}
