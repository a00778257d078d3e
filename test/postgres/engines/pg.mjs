import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import pg from 'pg'
import { places, serverUrl, urlOfPlace } from '../server/places.mjs'
import { engineOfPlaces } from './engine-of-places.mjs'

/** The client of a transaction that a test has begun, by its pool. @type {WeakMap<pg.Pool, pg.PoolClient>} */
const transactions = new WeakMap()

export const engine = engineOfPlaces({
  name: 'postgres:pg',
  module: new URL(import.meta.url),
  places,

  handle: (schema) =>
    new pg.Pool({
      connectionString: serverUrl(),
      max: 4,
      options: `-c search_path="${schema}"`,
      // Whole numbers as numbers, as SQLite gives them.
      types: { getTypeParser: (type, format) => (type === 20 ? Number : pg.types.getTypeParser(type, format)) },
    }),

  async raw(pool, sql, parameters) {
    if (sql === 'BEGIN') transactions.set(pool, await pool.connect())
    const client = transactions.get(pool)
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
