import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import postgres from 'postgres'
import { places, serverUrl, urlOfPlace } from '../server/places.mjs'
import { engineOfPlaces, merged } from './engine-of-places.mjs'

/** The connection of a transaction that a test has begun, by its pool. @type {WeakMap<object, postgres.ReservedSql>} */
const transactions = new WeakMap()

/** @param {string} schema */
const handle = (schema) =>
  postgres(serverUrl(), {
    max: 4,
    connection: { search_path: `"${schema}"` },
    onnotice: () => undefined,
    // Whole numbers as numbers, as SQLite gives them.
    types: { whole: { to: 20, from: [20], serialize: String, parse: Number } },
  })

export const engine = engineOfPlaces({
  name: 'postgres:postgres.js',
  module: new URL(import.meta.url),
  places,
  handle,

  async raw(sql, text, parameters) {
    if (text === 'BEGIN') transactions.set(sql, await sql.reserve())
    const reserved = transactions.get(sql)
    const rows = await (reserved ?? sql).unsafe(text, [...parameters])
    if (text === 'COMMIT' || text === 'ROLLBACK') {
      transactions.delete(sql)
      reserved?.release()
    }
    return rows.map((/** @type {object} */ row) => ({ ...row }))
  },

  close: (sql) => sql.end(),

  open: (schema, options, Adapter) =>
    PostgresAdapter.open.call(Adapter, urlOfPlace(schema), merged({ driver: 'postgres' }, options)),
})
