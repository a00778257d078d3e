import { invalidArgument } from '@go-go-scope/persistence-core/integration'
import { CacheEntries, type CacheOfKeyv } from './cache-entries.js'

/** An entry as Keyv 6 passes it to a store. `expires`: epoch ms, absent for no expiry. */
export interface KeyvStoreEntry {
  readonly key: string
  readonly value: unknown
  readonly expires?: number
}

/**
 * A Keyv 6 store on the cache of a persistence adapter. Make one per Keyv, because Keyv sets its namespace. It does not close
 * the adapter.
 */
export class KeyvStore {
  /** Set by Keyv. */
  namespace: string | undefined
  /** Tells Keyv that `set` accepts the time of expiry. Without it Keyv would wrap the store. */
  readonly capabilities: { readonly expires: true } = { expires: true }
  readonly #entries: CacheEntries

  /** @throws PersistenceError `INVALID_ARGUMENT` if `cache` is not a cache. */
  constructor(cache: CacheOfKeyv) {
    this.#entries = new CacheEntries(cache, 'KeyvStore')
  }

  /**
   * Throws. Only Keyv 5 reads this member. Its times to live would be taken for times of expiry in the distant past.
   *
   * @throws PersistenceError `INVALID_ARGUMENT`.
   */
  get opts(): never {
    throw invalidArgument('KeyvStore', 'it is a store for Keyv 6; with Keyv 5 use new Keyv5Store(persistence.cache)')
  }

  get(key: string): Promise<unknown> {
    return this.#entries.get(this.#start + key)
  }

  getMany(keys: readonly string[]): Promise<unknown[]> {
    return this.#entries.getMany(this.#inNamespace(keys))
  }

  has(key: string): Promise<boolean> {
    return this.#entries.has(this.#start + key)
  }

  hasMany(keys: readonly string[]): Promise<boolean[]> {
    return this.#entries.hasMany(this.#inNamespace(keys))
  }

  /** @param expires Epoch ms; absent: no expiry. A time in the past removes the entry. */
  set(key: string, value: unknown, expires?: number): Promise<boolean> {
    // Keyv computes `expires` with this clock.
    const ttl = expires === undefined ? undefined : expires - Date.now()
    return this.#entries.set(this.#start + key, value, ttl)
  }

  setMany(entries: readonly KeyvStoreEntry[]): Promise<boolean[]> {
    return Promise.all(entries.map(({ key, value, expires }) => this.set(key, value, expires)))
  }

  /** Deletes an entry. Returns whether it existed. */
  delete(key: string): Promise<boolean> {
    return this.#entries.delete(this.#start + key)
  }

  /** Deletes entries. Returns for each key whether it existed. */
  deleteMany(keys: readonly string[]): Promise<boolean[]> {
    return this.#entries.deleteMany(this.#inNamespace(keys))
  }

  /** Removes the entries of this namespace only. */
  clear(): Promise<void> {
    return this.#entries.clear(this.#start)
  }

  async *iterator(): AsyncGenerator<[key: string, value: unknown], void> {
    const start = this.#start
    for await (const [key, value] of this.#entries.startingWith(start)) yield [key.slice(start.length), value]
  }

  /** The start of all keys of the namespace. Its last character is escaped within namespaces, so that `a` and `a:b` stay apart. */
  get #start(): string {
    return `${(this.namespace ?? '').replaceAll('%', '%25').replaceAll(':', '%3A')}:`
  }

  #inNamespace(keys: readonly string[]): string[] {
    const start = this.#start
    return keys.map((key) => start + key)
  }
}
