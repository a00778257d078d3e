import { PostgresAdapter, PostgresCacheAdapter, PostgresIdempotencyAdapter } from '@go-go-scope/persistence-postgres'
import { translated, translatedAll } from './raw-sql.mjs'

/**
 * @typedef {object} Library how a client library is used in tests
 * @property {string} name
 * @property {URL} module
 * @property {import('@go-go-scope/persistence-conformance').PlacesUnderTest} places
 * @property {(schema: string) => any} handle a handle whose raw statements find the tables of the schema
 * @property {(handle: any, sql: string, parameters: readonly unknown[]) => Promise<Record<string, unknown>[]>} raw
 * @property {(handle: any) => Promise<unknown>} close
 * @property {(schema: string, options: any, Adapter: typeof PostgresAdapter) => Promise<any>} open
 */

/** The schema of each handle that a test has opened. @type {WeakMap<object, string>} */
const schemas = new WeakMap()

/**
 * Raw statements of a pool whose connections are reserved by `reserve()`: a transaction that a test begins has one for itself.
 *
 * @param {(rows: any) => Record<string, unknown>[]} rowsOf
 * @returns {Library['raw']}
 */
export function rawOfPool(rowsOf) {
  /** The connection of a transaction that a test has begun, by its pool. @type {WeakMap<object, any>} */
  const transactions = new WeakMap()
  return async (sql, text, parameters) => {
    if (text === 'BEGIN') transactions.set(sql, await sql.reserve())
    const reserved = transactions.get(sql)
    const rows = await (reserved ?? sql).unsafe(text, [...parameters])
    if (text === 'COMMIT' || text === 'ROLLBACK') {
      transactions.delete(sql)
      await reserved?.release()
    }
    return rowsOf(rows)
  }
}

/** @param {any} handle @param {unknown} options @returns {any} */
const placed = (handle, options) =>
  merged(schemas.has(handle) ? { schema: schemas.get(handle), durability: 'process' } : {}, options)

/**
 * By descriptor, so that a getter is left to the adapter, and so is what is no object or cannot be looked at.
 *
 * @param {object} place
 * @param {unknown} options
 * @returns {any}
 */
export function merged(place, options = {}) {
  if (typeof options !== 'object' || options === null) return options
  try {
    return Object.defineProperties(place, Object.getOwnPropertyDescriptors(options))
  } catch {
    return options
  }
}

/**
 * An engine whose handles lead to a schema of a server each.
 *
 * @param {Library} library
 * @returns {import('@go-go-scope/persistence-conformance').ServerEngineUnderTest}
 */
export function engineOfPlaces({ name, module, places, handle: makeHandle, raw, close, open }) {
  class AdapterOfPlace extends PostgresAdapter {
    /** @param {any} handle @param {object} [options] */
    constructor(handle, options) {
      super(handle, placed(handle, options))
    }

    /**
     * @param {string} path
     * @param {object} [options]
     * @override
     */
    static open(path, options) {
      return open(path, merged({ schema: path, durability: 'process' }, options), AdapterOfPlace)
    }

    /**
     * @param {any} handle
     * @param {any} statements
     * @override
     */
    fenced(handle, statements) {
      return super.fenced(handle, translatedAll(statements))
    }
  }
  class IdempotencyAdapterOfPlace extends PostgresIdempotencyAdapter {
    /** @param {any} handle @param {object} [options] */
    constructor(handle, options) {
      super(handle, placed(handle, options))
    }
  }
  class CacheAdapterOfPlace extends PostgresCacheAdapter {
    /** @param {any} handle @param {object} [options] */
    constructor(handle, options) {
      super(handle, placed(handle, options))
    }
  }

  return {
    name,
    SQLiteAdapter: /** @type {any} */ (AdapterOfPlace),
    SQLiteIdempotencyAdapter: /** @type {any} */ (IdempotencyAdapterOfPlace),
    SQLiteCacheAdapter: /** @type {any} */ (CacheAdapterOfPlace),
    module,
    places,

    async openHandle(path) {
      const handle = makeHandle(path)
      schemas.set(handle, path)
      return handle
    },

    rows: (handle, sql, params = []) => raw(handle, translated(sql), params),

    async closeHandle(handle) {
      await close(handle)
    },
  }
}
