import pg from 'pg'

/** Makes an empty schema, and returns a URL whose statements find its tables. @param {string} url @param {string} schema */
export async function makePlace(url, schema) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`)
  await client.query(`CREATE SCHEMA "${schema}"`)
  await client.end()
  const placed = new URL(url)
  placed.searchParams.set('options', `-c search_path=${schema}`)
  return placed.href
}
