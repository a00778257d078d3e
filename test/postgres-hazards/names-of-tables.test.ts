import { PostgresCacheAdapter } from '@go-go-scope/persistence-postgres'
import pg from 'pg'
import { expect, test } from 'vitest'
import { proveCell } from '../postgres/cell.js'
import { serverUrl } from '../postgres/server/places.mjs'
import { admin, cacheOn, disconnectAfterEach, newSchema, opens, refused } from './server-adapters.js'

disconnectAfterEach()

proveCell()

test('a cache has any name that nothing else in the schema has', async () => {
  const schema = newSchema()
  const long = 'x'.repeat(62)
  for (const name of ['locks_sweep_at_idx', 'pages_expires_at_idx', 'pages', 'pages_expires', `${long}1`, `${long}2`]) {
    const cache = cacheOn(schema, name)
    await cache.set('k', name)
    expect(await cache.get('k')).toBe(name)
  }
  const adapter = await opens(schema)
  await adapter.cache.set('k', 1)
})

test.each(['TABLE own (id int)', 'VIEW own AS SELECT 1 AS id', 'INDEX own ON other (id)', 'SEQUENCE own'])(
  'a cache refuses a name that something else has: %s',
  async (made) => {
    const schema = newSchema()
    await admin.query(`CREATE SCHEMA "${schema}"; CREATE TABLE "${schema}".other (id int)`)
    await admin.query(`SET search_path = "${schema}"; CREATE ${made}; RESET search_path`)
    const error = await refused(cacheOn(schema, 'own').connect())
    expect(error).toMatchObject({ code: 'FOREIGN_TABLE', message: expect.stringContaining('"own"') })
  },
)

test.each([
  ['cache', 'id int'],
  ['locks', 'id int'],
  ['meta', 'id int'],
  ['meta', 'key text, value text'],
  ['meta', 'key int, value jsonb'],
])('a schema in which the app has a table %s is refused and left as it is (%s)', async (name, columns) => {
  const schema = newSchema()
  await admin.query(`CREATE SCHEMA "${schema}"; CREATE TABLE "${schema}".${name} (${columns})`)
  const error = await refused(opens(schema))
  expect(error).toMatchObject({ code: 'FOREIGN_TABLE', message: expect.stringContaining(`"${name}"`) })
  const { rows } = await admin.query('SELECT tablename AS name FROM pg_tables WHERE schemaname = $1', [schema])
  expect(rows).toEqual([{ name }])
  expect((await admin.query(`SELECT * FROM "${schema}".${name}`)).rows).toEqual([])
})

test('a cache alone may be beside a table meta of the app', async () => {
  const schema = newSchema()
  await admin.query(`CREATE SCHEMA "${schema}"; CREATE TABLE "${schema}".meta (id int)`)
  const cache = cacheOn(schema, 'pages')
  await cache.set('k', 1)
  expect(await cache.get('k')).toBe(1)
})

test.each(['1st', 'a-b', 'pg_x', 'locks', 'copies', 'moved', 'lock_token', 'x'.repeat(64)])(
  '%s is no name of a cache table',
  (tableName) => {
    const pool = new pg.Pool({ connectionString: serverUrl() })
    expect(() => new PostgresCacheAdapter(pool, { tableName })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    )
  },
)
