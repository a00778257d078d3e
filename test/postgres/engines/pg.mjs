import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import pg from 'pg'
import { places, serverUrl, urlOfPlace } from '../server/places.mjs'
import { numberTypes, rowsOf } from '../server/reader.mjs'
import { engineOfPlaces } from './engine-of-places.mjs'

/** The client of a test's transaction, by its pool. @type {WeakMap<pg.Pool, pg.PoolClient>} */
const transactions = new WeakMap()

/** @type {WeakMap<pg.Pool, string>} */
const schemas = new WeakMap()

export const engine = engineOfPlaces({
  name: 'postgres:pg',
  module: new URL(import.meta.url),
  places,

  handle(schema) {
    const options = `-c search_path="${schema}"`
    const pool = new pg.Pool({ connectionString: serverUrl(), max: 4, options, types: numberTypes })
    schemas.set(pool, schema)
    return pool
  },

  async raw(pool, sql, parameters) {
    if (sql === 'BEGIN') transactions.set(pool, await pool.connect())
    const client = transactions.get(pool)
    const schema = schemas.get(pool)
    // A pool without connections only reads tables for the test, so the shared connection is used.
    if (schema !== undefined && pool.totalCount === 0 && !pool.ended) return rowsOf(schema, sql, parameters)
    const { rows } = await (client ?? pool).query(sql, [...parameters])
    if (sql === 'COMMIT' || sql === 'ROLLBACK') {
      transactions.delete(pool)
      client?.release()
    }
    return rows
  },

  close: (pool) => pool.end(),

  open: (schema, options, Adapter) => PostgresAdapter.open.call(Adapter, urlOfPlace(schema), options),
})
