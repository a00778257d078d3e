import pg from 'pg'
import { serverUrl } from './places.mjs'

/** Whole numbers as numbers, as SQLite gives them. @type {pg.CustomTypesConfig} */
export const numberTypes = {
  getTypeParser: (/** @type {number} */ type, /** @type {any} */ format) =>
    type === 20 ? Number : pg.types.getTypeParser(type, format),
}

/** @typedef {{ client: pg.Client, schema: string | undefined }} Reader `schema` is where its statements find tables */

/** @type {Promise<Reader> | undefined} */
let reader
/** @type {Promise<unknown>} */
let last = Promise.resolve()

/**
 * Runs a statement past every adapter by one connection for all tests, one statement after the other: those that tests made to
 * look at their tables were a third of all, and to make one costs the server 5 to 13 ms.
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
  // Whoever asked is told of a failure; the next statement has nothing to do with it.
  last = rows.catch(() => undefined)
  return rows
}

async function connectReader() {
  const made = new pg.Client({ connectionString: serverUrl(), types: numberTypes })
  // The types lack it.
  const client = /** @type {pg.Client & { unref(): void }} */ (made)
  // A test may end all connections of the server: the statement under way fails, and the next one has another.
  client
    .on('error', () => {})
    .once('end', () => {
      reader = undefined
    })
  await client.connect()
  client.unref()
  return { client, schema: undefined }
}
