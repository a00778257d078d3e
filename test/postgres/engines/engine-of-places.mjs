import { PostgresAdapter, PostgresCacheAdapter, PostgresIdempotencyAdapter } from '@go-go-scope/persistence-postgres'
import { translated, translatedAll } from './raw-sql.mjs'

/**
 * @typedef {object} Library how tests use a client library
 * @property {string} name
 * @property {URL} module
 * @property {import('@go-go-scope/persistence-conformance').PlacesUnderTest} places
 * @property {(schema: string) => any} handle returns a handle whose raw statements use the tables of the schema
 * @property {(handle: any, sql: string, parameters: readonly unknown[]) => Promise<Record<string, unknown>[]>} raw
 * @property {(handle: any) => Promise<unknown>} close
 * @property {(schema: string, options: any, Adapter: typeof PostgresAdapter) => Promise<any>} open
 */

/** The schema of each handle that tests opened. @type {WeakMap<object, string>} */
const schemas = new WeakMap()

/**
 * Returns raw statements for a pool with `reserve()`. A transaction that a test begins gets a separate connection.
 *
 * @param {(rows: any) => Record<string, unknown>[]} rowsOf
 * @returns {Library['raw']}
 */
export function rawOfPool(rowsOf) {
  /** The connection of a test's transaction, by its pool. @type {WeakMap<object, any>} */
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
 * Copies property descriptors, so that only the adapter runs getters. A value without readable properties is passed on as it is.
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
 * Returns an engine whose handles each lead to a schema of a server.
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
