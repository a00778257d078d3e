import {
  checkProvider,
  invalidArgument,
  invalidOption,
  type OptionNames,
  readOptions,
  type SqlCacheProvider,
} from '@go-go-scope/persistence-core/integration'

/** What the driver uses of a cache. */
export type CacheOfDriver = Pick<
  SqlCacheProvider,
  'get' | 'set' | 'has' | 'delete' | 'keys' | 'getMany' | 'clear' | 'ttl'
>

export interface PersistenceDriverOptions<Cache extends CacheOfDriver = CacheOfDriver> {
  /** The cache of an adapter, which the driver does not close. */
  cache: Cache
  /** Put with a colon before each key, so that storages and what else is in the cache stay apart. Default `unstorage`. */
  base?: string
  /** Seconds after which an item is gone, unless it is set with a `ttl` of its own. Default: never. */
  ttl?: number
}

const OPERATION = 'persistenceDriver'
const OPTIONS: OptionNames<PersistenceDriverOptions> = { cache: true, base: true, ttl: true }

/** What unstorage hands on from the calls of an app. `ttl`: seconds. */
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
  /** `ttl`: seconds that are left, absent for an item that stays. */
  getMeta(key: string): Promise<{ ttl?: number } | null>
  getKeys(base?: string): Promise<string[]>
  clear(base?: string): Promise<void>
}

/**
 * A driver of unstorage over the cache of a persistence adapter.
 *
 * @throws PersistenceError `INVALID_ARGUMENT` for what is no cache and for a name that is no option, `INVALID_OPTION` for a value
 *   that cannot be used.
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

  /** @returns ms, as the cache takes it. What is no number is handed on, so that the cache refuses it. */
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

    // Whatever is stored comes back as it was, bytes too.
    getItemRaw: (key) => cache.get(root + key),

    setItem: (key, value, call) => cache.set(root + key, value, lifetime(call?.ttl)),

    // Calls of one turn share a statement and a commit.
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

/** Other libraries take an adapter or its cache itself. */
function refuseProvider(options: unknown): void {
  const given = options as { disconnect?: unknown; getMany?: unknown } | null | undefined
  const is = (method: unknown) => typeof method === 'function'
  const got = is(given?.disconnect) ? 'an adapter' : is(given?.getMany) ? 'a cache' : undefined
  if (got !== undefined) throw invalidArgument(OPERATION, `pass { cache: persistence.cache }, got ${got}`)
}
