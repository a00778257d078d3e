import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import postgres from 'postgres'
import { places, serverUrl, urlOfPlace } from '../server/places.mjs'
import { engineOfPlaces, merged, rawOfPool } from './engine-of-places.mjs'

/** @param {string} schema */
const handle = (schema) =>
  postgres(serverUrl(), {
    max: 4,
    connection: { search_path: `"${schema}"` },
    onnotice: () => undefined,
    // Integers as numbers, as SQLite returns them.
    types: { whole: { to: 20, from: [20], serialize: String, parse: Number } },
  })

export const engine = engineOfPlaces({
  name: 'postgres:postgres.js',
  module: new URL(import.meta.url),
  places,
  handle,

  raw: rawOfPool((rows) => rows.map((/** @type {object} */ row) => ({ ...row }))),

  close: (sql) => sql.end(),

  open: (schema, options, Adapter) =>
    PostgresAdapter.open.call(Adapter, urlOfPlace(schema), merged({ driver: 'postgres' }, options)),
})
