import type { CacheProvider } from '@go-go-scope/persistence-core/ports'
import { ExpiringMap } from './expiring-map.js'
import { matchesPattern } from './matches-pattern.js'

export class ReferenceCache implements CacheProvider {
  readonly #entries: ExpiringMap

  constructor(now: () => number) {
    this.#entries = new ExpiringMap(now)
  }

  async get<T>(key: string): Promise<T | null> {
    const entry = this.#entries.get(key)
    return entry === undefined ? null : (entry.value as T)
  }

  async set<T>(key: string, value: T, ttl?: number): Promise<void> {
    this.#entries.set(key, value, ttl)
  }

  async delete(key: string): Promise<void> {
    this.#entries.delete(key)
  }

  async has(key: string): Promise<boolean> {
    return this.#entries.get(key) !== undefined
  }

  async clear(): Promise<void> {
    this.#entries.clear()
  }

  async keys(pattern = '*'): Promise<string[]> {
    return this.#entries.keys().filter((key) => matchesPattern(pattern, key))
  }

  async getMany<T>(keys: Iterable<string>): Promise<Map<string, T>> {
    const found = new Map<string, T>()
    for (const key of keys) {
      const entry = this.#entries.get(key)
      if (entry !== undefined) found.set(key, entry.value as T)
    }
    return found
  }

  async setMany<T>(entries: Iterable<readonly [string, T]>, ttl?: number): Promise<void> {
    for (const [key, value] of entries) this.#entries.set(key, value, ttl)
  }

  async deleteMany(keys: Iterable<string>): Promise<void> {
    for (const key of keys) this.#entries.delete(key)
  }

  async prune(): Promise<number> {
    return this.#entries.prune()
  }
}
