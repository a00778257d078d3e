import { CacheEntries, type CacheOfKeyv } from './cache-entries.js'

/** An entry as Keyv 5 passes it to a store. `ttl`: ms, absent for no expiry. */
export interface Keyv5StoreEntry {
  readonly key: string
  readonly value: unknown
  readonly ttl?: number
}

/**
 * A Keyv 5 store on the cache of a persistence adapter. Make one per Keyv, because Keyv sets its namespace. It does not close
 * the adapter. With Keyv 6, a `KeyvStore` of the same namespace reads its entries.
 */
export class Keyv5Store {
  /** Set by Keyv, which also prepends it and a colon to each key, unless its option `useKeyPrefix` is `false`. */
  namespace: string | undefined
  /** Keyv 5 iterates only over stores with certain dialects, so this is one of them. */
  readonly opts: { dialect: string } & Record<string, unknown> = { dialect: 'sqlite' }
  readonly #entries: CacheEntries

  /** @throws PersistenceError `INVALID_ARGUMENT` if `cache` is not a cache. */
  constructor(cache: CacheOfKeyv) {
    this.#entries = new CacheEntries(cache, 'Keyv5Store')
  }

  // The types of Keyv 5 require this method. The store has no events.
  on(): this {
    return this
  }

  get(key: string): Promise<unknown> {
    return this.#entries.get(this.#inNamespace(key))
  }

  getMany(keys: readonly string[]): Promise<unknown[]> {
    return this.#entries.getMany(keys.map((key) => this.#inNamespace(key)))
  }

  has(key: string): Promise<boolean> {
    return this.#entries.has(this.#inNamespace(key))
  }

  hasMany(keys: readonly string[]): Promise<boolean[]> {
    return this.#entries.hasMany(keys.map((key) => this.#inNamespace(key)))
  }

  /** @param ttl ms; absent or 0 means forever. With a negative one, the value has expired already, and the entry is removed. */
  set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    return this.#entries.set(this.#inNamespace(key), value, ttl === 0 ? undefined : ttl)
  }

  setMany(entries: readonly Keyv5StoreEntry[]): Promise<boolean[]> {
    return Promise.all(entries.map(({ key, value, ttl }) => this.set(key, value, ttl)))
  }

  /** Deletes an entry. Returns whether it existed. */
  delete(key: string): Promise<boolean> {
    return this.#entries.delete(this.#inNamespace(key))
  }

  /** Deletes entries. Returns whether at least one existed. */
  async deleteMany(keys: readonly string[]): Promise<boolean> {
    return (await this.#entries.deleteMany(keys.map((key) => this.#inNamespace(key)))).includes(true)
  }

  /** Removes the entries of the namespace. Without a namespace it removes all entries of Keyv in the cache. */
  clear(): Promise<void> {
    return this.#entries.clear(startOf(this.namespace))
  }

  iterator(namespace?: string): AsyncGenerator<[key: string, value: unknown], void> {
    return this.#entries.startingWith(startOf(namespace))
  }

  /** Prepends the namespace if Keyv has not. Like Keyv, it takes a key that begins with the namespace for one that has it. */
  #inNamespace(key: string): string {
    const start = startOf(this.namespace)
    return key.startsWith(start) ? key : start + key
  }
}

function startOf(namespace: string | undefined): string {
  return namespace === undefined || namespace === '' ? '' : `${namespace}:`
}
