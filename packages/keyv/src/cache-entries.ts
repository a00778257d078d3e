import { checkProvider, type SqlCacheProvider } from '@go-go-scope/persistence-core/integration'

/** The members of a cache that the stores use. */
export type CacheOfKeyv = Pick<SqlCacheProvider, 'get' | 'set' | 'has' | 'getMany' | 'deleteMany' | 'clear' | 'entries'>

/** The beginning of all stored keys, so that no store clears other entries of the app in the same cache. */
const ROOT = 'keyv:'

/** The entries of a cache that belong to Keyv. Keys include the namespace of their store. */
export class CacheEntries {
  readonly #cache: CacheOfKeyv

  /** @throws PersistenceError `INVALID_ARGUMENT` if `cache` is not a cache. */
  constructor(cache: CacheOfKeyv, store: string) {
    checkProvider(cache, ['getMany', 'entries'], 'the cache', store)
    this.#cache = cache
  }

  async get(key: string): Promise<unknown> {
    return (await this.#cache.get(ROOT + key)) ?? undefined
  }

  async getMany(keys: readonly string[]): Promise<unknown[]> {
    const stored = keys.map((key) => ROOT + key)
    const found = await this.#cache.getMany(stored)
    return stored.map((key) => found.get(key) ?? undefined)
  }

  has(key: string): Promise<boolean> {
    return this.#cache.has(ROOT + key)
  }

  // Calls in one turn of the event loop share a statement, so here and in `setMany` single calls are as fast as a batch.
  hasMany(keys: readonly string[]): Promise<boolean[]> {
    return Promise.all(keys.map((key) => this.has(key)))
  }

  /** @param ttl ms; absent means forever. With 0 or less, the value has expired already, and the entry is removed. */
  async set(key: string, value: unknown, ttl?: number): Promise<true> {
    if (ttl !== undefined && ttl <= 0) await this.#cache.deleteMany([ROOT + key])
    else await this.#cache.set(ROOT + key, value, ttl)
    return true
  }

  /** Deletes an entry. Returns whether it existed. */
  async delete(key: string): Promise<boolean> {
    const [was = false] = await this.deleteMany([key])
    return was
  }

  /** Deletes entries. Returns for each key whether it existed; with concurrent deletes, several callers may get `true`. */
  async deleteMany(keys: readonly string[]): Promise<boolean[]> {
    const were = await this.hasMany(keys)
    await this.#cache.deleteMany(keys.map((key) => ROOT + key))
    return were
  }

  /** Removes the entries whose keys start with `start`. */
  clear(start: string): Promise<void> {
    return this.#cache.clear({ startsWith: ROOT + start })
  }

  /** Yields the entries whose keys start with `start`. Reads them page by page. */
  async *startingWith(start: string): AsyncGenerator<[key: string, value: unknown], void> {
    const entries = this.#cache.entries({ startsWith: ROOT + start })
    for await (const [key, value] of entries) yield [key.slice(ROOT.length), value]
  }
}
