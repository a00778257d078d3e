import pg from 'pg'
import { serverUrl } from './places.mjs'

/** Integers as numbers, as SQLite returns them. @type {pg.CustomTypesConfig} */
export const numberTypes = {
  getTypeParser: (/** @type {number} */ type, /** @type {any} */ format) =>
    type === 20 ? Number : pg.types.getTypeParser(type, format),
}

/** @typedef {{ client: pg.Client, schema: string | undefined }} Reader `schema` is the search path of its statements */

/** @type {Promise<Reader> | undefined} */
let reader
/** @type {Promise<unknown>} */
let last = Promise.resolve()

/**
 * Runs a statement without an adapter, one after another on one connection for all tests. Connections that tests made to read
 * their tables were a third of all, and each costs the server 5 to 13 ms.
 *
 * @param {string} schema
 * @param {string} sql
 * @param {readonly unknown[]} parameters
 * @returns {Promise<any[]>}
 */
export function rowsOf(schema, sql, parameters) {
  const rows = last.then(async () => {
    reader ??= connectReader()
    const connected = await reader
    if (connected.schema !== schema) await connected.client.query(`SET search_path = "${schema}"`)
    connected.schema = schema
    return (await connected.client.query(sql, [...parameters])).rows
  })
  // The caller gets the failure; it does not affect the next statement.
  last = rows.catch(() => undefined)
  return rows
}

async function connectReader() {
  const made = new pg.Client({ connectionString: serverUrl(), types: numberTypes })
  // The types lack `unref`.
  const client = /** @type {pg.Client & { unref(): void }} */ (made)
  // A test may end all connections of the server: the running statement fails, and the next one gets a new connection.
  client
    .on('error', () => {})
    .once('end', () => {
      reader = undefined
    })
  await client.connect()
  client.unref()
  return { client, schema: undefined }
}
