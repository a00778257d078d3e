import {
  checkProvider,
  invalidArgument,
  invalidOption,
  type OptionNames,
  readOptions,
  type SqlCacheProvider,
} from '@go-go-scope/persistence-core/integration'

/** The members of a cache that the driver uses. */
export type CacheOfDriver = Pick<
  SqlCacheProvider,
  'get' | 'set' | 'has' | 'delete' | 'keys' | 'getMany' | 'clear' | 'ttl'
>

export interface PersistenceDriverOptions<Cache extends CacheOfDriver = CacheOfDriver> {
  /** The cache of an adapter, which the driver does not close. */
  cache: Cache
  /** Prepended with a colon to each key, which keeps storages and other cache entries apart. Default `unstorage`. */
  base?: string | undefined
  /** Seconds after which an item expires, unless it is set with its own `ttl`. Default: never. */
  ttl?: number | undefined
}

const OPERATION = 'persistenceDriver'
const OPTIONS: OptionNames<PersistenceDriverOptions> = { cache: true, base: true, ttl: true }

/** The options that unstorage passes on from the app's calls. `ttl`: seconds. */
export interface DriverCallOptions {
  ttl?: number
  [name: string]: unknown
}

/** A driver as unstorage calls it. */
export interface PersistenceDriver<Cache extends CacheOfDriver = CacheOfDriver> {
  readonly name: string
  readonly options: PersistenceDriverOptions<Cache>
  readonly flags: { readonly ttl: true }
  getInstance(): Cache
  hasItem(key: string): Promise<boolean>
  getItem(key: string): Promise<string | null>
  getItems(items: readonly { key: string }[]): Promise<{ key: string; value: string | null }[]>
  getItemRaw(key: string): Promise<unknown>
  setItem(key: string, value: string, options?: DriverCallOptions): Promise<void>
  setItems(
    items: readonly { key: string; value: string; options?: DriverCallOptions }[],
    common?: DriverCallOptions,
  ): Promise<void>
  setItemRaw(key: string, value: unknown, options?: DriverCallOptions): Promise<void>
  removeItem(key: string): Promise<void>
  /** Returns `ttl`, the remaining seconds, absent for an item that does not expire. */
  getMeta(key: string): Promise<{ ttl?: number } | null>
  getKeys(base?: string): Promise<string[]>
  clear(base?: string): Promise<void>
}

/**
 * Returns an unstorage driver on the cache of a persistence adapter.
 *
 * @throws PersistenceError `INVALID_ARGUMENT` if `cache` is not a cache or an option is unknown, `INVALID_OPTION` for an invalid
 *   value.
 */
export function persistenceDriver<Cache extends CacheOfDriver>(
  options: PersistenceDriverOptions<Cache>,
): PersistenceDriver<Cache> {
  refuseProvider(options)
  const { cache, base = 'unstorage', ttl } = readOptions(options, OPTIONS, OPERATION)
  checkProvider(cache, ['getMany', 'ttl'], 'option cache: the cache', OPERATION)
  if (typeof base !== 'string') throw invalidOption('base', base, 'a string')
  if (ttl !== undefined && !(typeof ttl === 'number' && ttl > 0)) {
    throw invalidOption('ttl', ttl, 'a positive number of seconds')
  }
  const root = `${base}:`

  /** Returns the lifetime in ms. A value that is not a number is passed on, so that the cache refuses it. */
  function lifetime(...seconds: (number | undefined)[]): number | undefined {
    const given = seconds.find((one) => one !== undefined) ?? ttl
    return typeof given === 'number' ? given * 1000 : given
  }

  return {
    name: 'go-go-scope-persistence',
    options,
    flags: { ttl: true },
    getInstance: () => cache,

    hasItem: (key) => cache.has(root + key),

    getItem: (key) => cache.get<string>(root + key),

    async getItems(items) {
      const found = await cache.getMany<string>(items.map(({ key }) => root + key))
      return items.map(({ key }) => ({ key, value: found.get(root + key) ?? null }))
    },

    // The cache returns bytes as bytes, so raw items need no encoding.
    getItemRaw: (key) => cache.get(root + key),

    setItem: (key, value, call) => cache.set(root + key, value, lifetime(call?.ttl)),

    // Calls in one turn of the event loop share a statement and a commit.
    async setItems(items, common) {
      await Promise.all(
        items.map(({ key, value, options }) => cache.set(root + key, value, lifetime(options?.ttl, common?.ttl))),
      )
    },

    setItemRaw: (key, value, call) => cache.set(root + key, value, lifetime(call?.ttl)),

    removeItem: (key) => cache.delete(root + key),

    async getMeta(key) {
      const left = await cache.ttl(root + key)
      if (left === null) return null
      return left === Number.POSITIVE_INFINITY ? {} : { ttl: Math.ceil(left / 1000) }
    },

    async getKeys(within = '') {
      const keys = await cache.keys({ startsWith: root + within })
      return keys.map((key) => key.slice(root.length))
    },

    clear: (within = '') => cache.clear({ startsWith: root + within }),
  }
}

/** Refuses an adapter or a cache in the place of the options, as other libraries take them. */
function refuseProvider(options: unknown): void {
  const given = options as { disconnect?: unknown; getMany?: unknown } | null | undefined
  const is = (method: unknown) => typeof method === 'function'
  const got = is(given?.disconnect) ? 'an adapter' : is(given?.getMany) ? 'a cache' : undefined
  if (got !== undefined) throw invalidArgument(OPERATION, `pass { cache: persistence.cache }, got ${got}`)
}
