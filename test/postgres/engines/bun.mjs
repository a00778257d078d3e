import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import { SQL } from 'bun'
import { places, serverUrl, urlOfPlace } from '../server/places.mjs'
import { engineOfPlaces, merged, rawOfPool } from './engine-of-places.mjs'

const WHOLE = 20

/** @param {string} schema */
const handle = (schema) =>
  new SQL({ adapter: 'postgres', url: serverUrl(), max: 4, connection: { search_path: `"${schema}"` } })

export const engine = engineOfPlaces({
  name: 'postgres:bun',
  module: new URL(import.meta.url),
  places,
  handle,

  raw: rawOfPool((rows) => {
    // Integers as numbers, as SQLite returns them.
    const whole = new Set(rows.columns?.filter((/** @type {any} */ { type }) => type === WHOLE).map(nameOf))
    return rows.map((/** @type {object} */ row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, whole.has(name) && value !== null ? Number(value) : value]),
      ),
    )
  }),

  close: (sql) => sql.end(),

  open: (schema, options, Adapter) =>
    PostgresAdapter.open.call(Adapter, urlOfPlace(schema), merged({ driver: 'bun' }, options)),
})

/** @param {{ name: string }} column */
function nameOf({ name }) {
  return name
}
