import { PGlite } from '@electric-sql/pglite'
import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import { placesOn } from '../server/places.mjs'
import { engineOfPlaces } from './engine-of-places.mjs'

// One instance for all tests, because starting one takes seconds. Its handles take turns. It starts while this module is loaded,
// so no time limit of a test or hook counts that.
export const instance = await PGlite.create()

/** A handle of one test on the instance; its statements use the tables of the test's schema. */
class HandleOfPlace {
  waitReady = instance.waitReady
  #closed = false

  /** @param {string} schema */
  constructor(schema) {
    this.schema = schema
  }

  /** @param {string} sql @param {unknown[]} [parameters] */
  async query(sql, parameters) {
    this.#check()
    return instance.query(sql, parameters)
  }

  /** @param {Uint8Array} messages @param {object} [options] */
  async execProtocol(messages, options) {
    this.#check()
    return instance.execProtocol(messages, options)
  }

  /** @template T @param {() => Promise<T>} run */
  runExclusive(run) {
    return instance.runExclusive(run)
  }

  isInTransaction() {
    return instance.isInTransaction()
  }

  /** @param {(transaction: any) => Promise<void>} run */
  async transaction(run) {
    this.#check()
    return instance.transaction(async (transaction) => {
      await transaction.exec(`SET LOCAL search_path = "${this.schema}"`)
      return run(transaction)
    })
  }

  async close() {
    this.#check()
    this.#closed = true
  }

  #check() {
    if (this.#closed) throw new Error('PGlite is closed')
  }
}

export const engine = engineOfPlaces({
  name: 'postgres:pglite',
  module: new URL(import.meta.url),
  places: {
    ...placesOn(
      async (sql, parameters) => {
        if (parameters !== undefined) return (await instance.query(sql, [...parameters])).rows
        await instance.exec(sql)
        return []
      },
      async (schema) => {
        const adapter = new PostgresAdapter(new HandleOfPlace(schema), { schema, durability: 'process' })
        await adapter.connect()
        await adapter.disconnect()
      },
    ),
    several: false,
  },

  handle: (schema) => new HandleOfPlace(schema),

  /** @returns {Promise<any[]>} */
  async raw(handle, sql, parameters) {
    /** @type {any[]} */
    let rows = []
    await handle.transaction(async (/** @type {any} */ transaction) => {
      ;({ rows } = await transaction.query(sql, [...parameters]))
    })
    return rows
  },

  close: (handle) => handle.close(),

  async open(schema, options, Adapter) {
    const adapter = new Adapter(new HandleOfPlace(schema), options)
    await adapter.connect()
    return adapter
  },
})
