import type { CacheProvider, CacheStats } from '@go-go-scope/persistence-core/ports'
import { LruMap } from './lru-map.js'

export interface InMemoryCacheOptions {
  /** Maximum number of entries. Beyond it the least recently used one is evicted. Default 1000. */
  maxSize?: number
}

/** The cache port in memory. It keeps values by reference. */
export class InMemoryCache implements CacheProvider {
  readonly #entries: LruMap<unknown>
  #hits = 0
  #misses = 0

  constructor(options: InMemoryCacheOptions = {}) {
    this.#entries = new LruMap(options.maxSize ?? 1000)
  }

  /** The number of entries. Expired ones count until they are accessed or pruned. */
  get size(): number {
    return this.#entries.size
  }

  async get<T>(key: string): Promise<T | null> {
    const entry = this.#entries.get(key)
    if (entry === undefined) {
      this.#misses++
      return null
    }
    this.#hits++
    return entry.value as T
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

  async keys(pattern?: string): Promise<string[]> {
    const keys = this.#entries.keys()
    return pattern === undefined ? keys : keys.filter(patternMatcher(pattern))
  }

  /** Returns the hits and misses of `get` so far, and the number of unexpired entries. */
  stats(): CacheStats {
    const reads = this.#hits + this.#misses
    this.#entries.prune()
    return {
      hits: this.#hits,
      misses: this.#misses,
      size: this.#entries.size,
      hitRatio: reads === 0 ? 0 : this.#hits / reads,
    }
  }

  /** Removes expired entries and returns their number. */
  prune(): number {
    return this.#entries.prune()
  }

  [Symbol.dispose](): void {
    this.#entries.clear()
  }
}

/** Returns a cache port in memory. */
export function createCache(options?: InMemoryCacheOptions): InMemoryCache {
  return new InMemoryCache(options)
}

/**
 * Returns a function that tells whether a key matches `pattern`. `*` stands for any characters, everything else for itself.
 *
 * Each part between two stars is matched at its first occurrence after the previous part, because a later occurrence
 * leaves less for the rest. So no position is tried twice. A RegExp made from the pattern can take exponential time in
 * the number of stars.
 */
function patternMatcher(pattern: string): (key: string) => boolean {
  const [start = '', ...parts] = pattern.split('*')
  const end = parts.pop()
  if (end === undefined) return (key) => key === start
  return (key) => {
    if (!key.startsWith(start) || !key.endsWith(end)) return false
    let position = start.length
    for (const part of parts) {
      const found = key.indexOf(part, position)
      if (found === -1) return false
      position = found + part.length
    }
    return position <= key.length - end.length
  }
}
