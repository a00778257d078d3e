import { CacheEntries, type CacheOfKeyv } from './cache-entries.js'

/** An entry as Keyv 5 hands it to a store. `ttl`: ms, absent for no expiry. */
export interface Keyv5StoreEntry {
  readonly key: string
  readonly value: unknown
  readonly ttl?: number
}

/**
 * A store of Keyv 5 over the cache of a persistence adapter. Make one for each Keyv, which gives it its namespace. It does
 * not close the adapter. A `KeyvStore` of the same namespace reads its entries with Keyv 6.
 */
export class Keyv5Store {
  /** Set by Keyv, which also puts it and a colon before each key. */
  namespace: string | undefined
  /** Keyv 5 iterates only over stores of some dialects. Any of them will do. */
  readonly opts: { dialect: string } & Record<string, unknown> = { dialect: 'sqlite' }
  readonly #entries: CacheEntries

  /** @throws PersistenceError `INVALID_ARGUMENT` for what is no cache. */
  constructor(cache: CacheOfKeyv) {
    this.#entries = new CacheEntries(cache, 'Keyv5Store')
  }

  // The types of Keyv 5 demand the method. The store has no events.
  on(): this {
    return this
  }

  get(key: string): Promise<unknown> {
    return this.#entries.get(key)
  }

  getMany(keys: readonly string[]): Promise<unknown[]> {
    return this.#entries.getMany(keys)
  }

  has(key: string): Promise<boolean> {
    return this.#entries.has(key)
  }

  hasMany(keys: readonly string[]): Promise<boolean[]> {
    return this.#entries.hasMany(keys)
  }

  /** @param ttl ms; absent means for ever. */
  set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    return this.#entries.set(key, value, ttl)
  }

  setMany(entries: readonly Keyv5StoreEntry[]): Promise<boolean[]> {
    return Promise.all(entries.map(({ key, value, ttl }) => this.set(key, value, ttl)))
  }

  /** @returns whether the key was there. */
  delete(key: string): Promise<boolean> {
    return this.#entries.delete(key)
  }

  /** @returns whether one of the keys was there. */
  async deleteMany(keys: readonly string[]): Promise<boolean> {
    return (await this.#entries.deleteMany(keys)).includes(true)
  }

  /** Removes the entries of the namespace; without one, all that Keyv has stored in the cache. */
  clear(): Promise<void> {
    return this.#entries.clear(startOf(this.namespace))
  }

  iterator(namespace?: string): AsyncGenerator<[key: string, value: unknown], void> {
    return this.#entries.startingWith(startOf(namespace))
  }
}

function startOf(namespace: string | undefined): string {
  return namespace === undefined || namespace === '' ? '' : `${namespace}:`
}
