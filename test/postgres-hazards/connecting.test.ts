import { inspect } from 'node:util'
import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import pg from 'pg'
import postgres from 'postgres'
import { describe, expect, test } from 'vitest'
import { COLUMNS, SET_UP } from '../../packages/persistence-postgres/src/schema/migrations.js'
import { proveCell } from '../postgres/cell.js'
import { serverUrl } from '../postgres/server/places.mjs'
import { startServer } from '../postgres/server/start-server.mjs'
import {
  admin,
  cacheOn,
  disconnectAfterEach,
  eventually,
  newSchema,
  opens,
  refused,
  rewritten,
  track,
} from './server-adapters.js'

disconnectAfterEach()

proveCell()

test('many adapters that connect at once to an empty database create its tables once', async () => {
  const schema = newSchema()
  const adapters = await Promise.all(Array.from({ length: 8 }, () => opens(schema, { keyPrefix: 'app:' })))
  await Promise.all(adapters.map((adapter, index) => adapter.cache.set(`k${index}`, index)))
  expect((await adapters[0]?.cache.keys())?.length).toBe(8)
  const { rows } = await admin.query(`SELECT value FROM "${schema}".meta WHERE key = 'schema_version'`)
  expect(rows).toEqual([{ value: '1' }])
})

test('caches that connect at once create the table that the app has named once', async () => {
  const schema = newSchema()
  const setUp = await admin.connect()
  const caches = [1, 2, 3].map(() => cacheOn(schema, 'pages'))
  try {
    await setUp.query(`BEGIN; SELECT pg_advisory_xact_lock(${SET_UP})`)
    const connected = Promise.all(caches.map((cache) => cache.connect()))
    await eventually(async () => {
      const { rows } = await admin.query(
        "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND (classid::bigint << 32) + objid::bigint = $1",
        [SET_UP],
      )
      return rows.length === caches.length || undefined
    })
    await setUp.query('COMMIT')
    await connected
  } finally {
    setUp.release(true)
  }
  await Promise.all(caches.map((cache, index) => cache.set(`k${index}`, index)))
  expect((await caches[0]?.keys())?.length).toBe(caches.length)
})

test('a role that may not create schemas uses an existing one', async () => {
  const schema = newSchema()
  const role = `role_${schema}`
  await admin.query(`CREATE ROLE "${role}" LOGIN; CREATE SCHEMA "${schema}" AUTHORIZATION "${role}"`)
  const url = new URL(serverUrl())
  url.username = role
  const adapter = await opens(schema, {}, url.href)
  await adapter.cache.set('k', 1)
  expect(await adapter.cache.get('k')).toBe(1)
  const other = await refused(opens(newSchema(), {}, url.href))
  expect(other).toMatchObject({ code: 'SQL' })
})

test('tables that are missing or newer are refused', async () => {
  const schema = newSchema()
  expect(await refused(opens(schema, { createTables: false }))).toMatchObject({
    code: 'SCHEMA_MISSING',
    version: 0,
    needed: 1,
    steps: ['to version 1: the tables'],
  })
  await (await opens(schema)).disconnect()
  await (await opens(schema, { createTables: false })).disconnect()
  await admin.query(`UPDATE "${schema}".meta SET value = '99'`)
  expect(await refused(opens(schema))).toMatchObject({ code: 'SCHEMA_NEWER' })
  await admin.query(`UPDATE "${schema}".meta SET value = '1'`)
  await admin.query(`DROP TABLE "${schema}".locks; ALTER TABLE "${schema}".circuit RENAME probes TO taken`)
  expect(await refused(opens(schema))).toMatchObject({
    code: 'SCHEMA_MISSING',
    message: expect.stringContaining('lacks locks, circuit.probes; restore'),
  })
})

test('connect checks exactly the columns that the tables have', async () => {
  const schema = newSchema()
  await opens(schema)
  const { rows } = await admin.query(
    `SELECT table_name AS table, array_agg(column_name::text ORDER BY ordinal_position) AS columns
FROM information_schema.columns WHERE table_schema = $1 AND table_name <> 'meta' GROUP BY 1`,
    [schema],
  )
  expect(Object.fromEntries(rows.map(({ table, columns }) => [table, columns]))).toEqual(COLUMNS)
})

test.each(['pg', 'postgres'] as const)(
  'statements prepared by %s are prepared again when a table has changed',
  async (driver) => {
    const schema = newSchema()
    const adapter = await opens(schema, { driver })
    await adapter.cache.set('k', 1)
    for (const type of ['varchar(3000)', 'text']) {
      expect(await adapter.cache.get('k')).toBe(1)
      await admin.query(`ALTER TABLE "${schema}".cache ALTER value TYPE ${type}`)
    }
    expect(await adapter.cache.get('k')).toBe(1)
  },
)

test('an encoding that cannot represent every text is refused', async () => {
  for (const encoding of ['SQL_ASCII', 'LATIN1']) {
    const name = `enc_${process.pid}_${encoding.toLowerCase()}`
    await admin.query(`CREATE DATABASE "${name}" ENCODING '${encoding}' LOCALE 'C' TEMPLATE template0`)
    const url = new URL(serverUrl())
    url.pathname = `/${name}`
    const error = await refused(opens(newSchema(), {}, url.href))
    expect(error).toMatchObject({ code: 'ENGINE_UNSUPPORTED' })
    expect((error as Error).message).toMatch(/encoding .*ENCODING 'UTF8'/)
    await admin.query(`DROP DATABASE "${name}" WITH (FORCE)`)
  }
})

test.each([
  ['CockroachDB CCL v24.3.1 (x86_64-pc-linux-gnu)', '130000', /CockroachDB answers advisory locks.*PostgreSQL 14/],
  ['PostgreSQL 13.22 on x86_64-pc-linux-gnu', '130022', /PostgreSQL 13\.22.*PostgreSQL 14 or later is needed/],
  ['PostgreSQL 9.6.24 on x86_64-pc-linux-gnu', '90624', /PostgreSQL 14 or later is needed/],
  ['QuestDB speaks the protocol too', 'NULL', /PostgreSQL 14 or later is needed/],
])('a server that says it is %s is refused before anything is written', async (version, number, says) => {
  const schema = newSchema()
  const claiming = rewritten(schema, (sql) =>
    sql
      .replace('version() AS version', `'${version}' AS version`)
      .replace("current_setting('server_version_num', true)::int", `${number}::int`),
  )
  const error = await refused(claiming)
  expect(error).toMatchObject({ code: 'ENGINE_UNSUPPORTED' })
  expect((error as Error).message).toMatch(says)
  const { rows } = await admin.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema])
  expect(rows).toEqual([])
})

test('a server with less durability than requested is refused', async () => {
  const server = await startServer({ fsync: 'off' })
  try {
    const schema = newSchema()
    const error = await refused(opens(schema, { durability: 'power' }, server.url))
    expect(error).toMatchObject({ code: 'ENGINE_UNSUPPORTED' })
    expect((error as Error).message).toMatch(/fsync off.*durability: 'process'/)
    await (await opens(schema, {}, server.url)).disconnect()
  } finally {
    await server.stop()
  }
  const lacking = await refused(opens(newSchema(), { durability: 'replicas' }))
  expect((lacking as Error).message).toContain('synchronous_standby_names')
})

test('on a server that does not report its timeline only locks and claims are refused', async () => {
  const schema = newSchema()
  const adapter = await rewritten(schema, (sql) => sql.replaceAll('pg_walfile_name', 'no_such_function'))
  await adapter.cache.set('k', 1)
  const mine =
    'SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE query LIKE $1 AND pid <> pg_backend_pid()'
  expect((await admin.query(mine, [`%"${schema}".%`])).rowCount).toBeGreaterThan(0)
  expect(await adapter.cache.get('k')).toBe(1)
  expect(await adapter.stats()).toMatchObject({ serverVersion: expect.any(String), timeline: 0 })
  await expect(adapter.acquire('job', 60_000)).rejects.toMatchObject({ code: 'SQL' })
  await expect(adapter.idempotency.claim('pay', { lease: 60_000 })).rejects.toMatchObject({ code: 'SQL' })
})

test('a read-only server answers READ_ONLY, and reads succeed', async () => {
  const schema = newSchema()
  await (await opens(schema)).cache.set('k', 1)
  const role = `reader_${schema}`
  await admin.query(
    `CREATE ROLE "${role}" LOGIN SUPERUSER; ALTER ROLE "${role}" SET default_transaction_read_only = on`,
  )
  const url = new URL(serverUrl())
  url.username = role
  const reader = await opens(schema, { readOnly: true }, url.href)
  expect(await reader.cache.get('k')).toBe(1)
  await expect(reader.cache.set('k', 2)).rejects.toMatchObject({ code: 'READ_ONLY' })
  const pool = new pg.Pool({ connectionString: url.href, max: 2 })
  const writer = track(new PostgresAdapter(pool, { schema, durability: 'process' }))
  // Its prefix is already stored, so connecting writes nothing.
  expect(await writer.cache.get('k')).toBe(1)
  await expect(writer.cache.set('k', 2)).rejects.toMatchObject({ code: 'READ_ONLY' })
})

test('a database that does not exist is a separate error, at once', async () => {
  const url = new URL(serverUrl())
  url.pathname = '/no_such_database'
  expect(await refused(opens(newSchema(), { busyTimeout: 60_000 }, url.href))).toMatchObject({ code: 'CANNOT_OPEN' })
})

test('open uses the requested client library', async () => {
  const adapter = await opens(newSchema(), { driver: 'postgres' })
  await adapter.cache.set('k', 1)
  expect(await adapter.cache.get('k')).toBe(1)
  expect((await adapter.stats()).engine).toBe('postgres')
  expect((await (await opens(newSchema())).stats()).engine).toBe('pg')
  const missing = await refused(opens(newSchema(), { driver: 'bun' }))
  expect(missing).toMatchObject({ code: 'ENGINE_MISSING' })
  expect((missing as Error).message).toContain('run it on Bun')
})

test.each([
  [true, true],
  ['auto', true],
  [false, false],
] as const)('prepare: %s keeps statements prepared: %s', async (prepare, kept) => {
  const adapter = await opens(newSchema(), { driver: 'pg', prepare })
  const lock = await adapter.acquire('job', 60_000)
  if (lock === null) throw new Error('the lock is free')
  // The statement runs on the same connection, in a transaction that we began.
  const sql = "SELECT name FROM pg_prepared_statements WHERE statement LIKE 'BEGIN%'"
  const [rows] = await adapter.fenced(lock, [{ sql }])
  expect(rows?.length).toBe(kept ? 1 : 0)
})

test.each([
  ['a client that takes queries of any class', {}],
  ['a client that sends what is asked meanwhile too', { pipeline: true }],
])('%s keeps the statements of all adapters on it in turn', async (_, options) => {
  const client = new pg.Client({ connectionString: serverUrl(), ...options })
  await client.connect()
  for (const schema of [newSchema(), newSchema()]) {
    // The second adapter finds the statements that the first one prepared.
    for (const round of [1, 2]) {
      const adapter = new PostgresAdapter(client, { schema, durability: 'process', closeOnDisconnect: false })
      await adapter.connect()
      await adapter.cache.set('k', { round })
      expect(await adapter.cache.get('k')).toEqual({ round })
      expect(await adapter.cache.get('other')).toBeNull()
      await adapter.disconnect()
    }
  }
  const { rows } = await client.query("SELECT name FROM pg_prepared_statements WHERE statement LIKE '%.cache %'")
  expect(rows.length).toBe(4)
  await client.end()
})

describe('arguments', () => {
  test.each([
    [undefined, 'undefined'],
    [7, '7'],
    ['postgres://x', 'open(url)'],
    [{}, 'another object'],
    [Promise.resolve(), 'await it'],
    [postgres({ fetch_types: false }), 'leave that option out'],
  ])('%s is no handle', (handle, says) => {
    const refusal = { code: 'INVALID_ARGUMENT', message: expect.stringMatching(/^constructor: /) }
    expect(() => new PostgresAdapter(handle as never)).toThrow(expect.objectContaining(refusal))
    expect(() => new PostgresAdapter(handle as never)).toThrow(says)
  })

  test.each([
    ['schema', ''],
    ['schema', 'pg_own'],
    ['schema', 'x'.repeat(64)],
    ['schema', '\ud800'],
    ['durability', 'forever'],
    ['maxKeyLength', 2_000],
    ['prepare', 'always'],
    ['newsUrl', 'redis://x'],
    ['newsUrl', true],
  ])('option %s: %s is refused', (name, value) => {
    const pool = new pg.Pool({ connectionString: serverUrl() })
    expect(() => new PostgresAdapter(pool, { [name]: value })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(name) }),
    )
  })

  test('option driver: mysql is refused', async () => {
    const error = await refused(opens(newSchema(), { driver: 'mysql' as never }))
    expect(error).toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining('driver') })
  })

  test.each([
    'mysql://me:secret@x',
    'postgres:/me:secret@h/db',
    'postgres//me:secret@h/db',
    'me:sec@ret@h/db',
    'postgres:/h/db?password=secret',
    'app.db',
    'pglite:',
    '',
    null,
  ])('%s is no url', async (url) => {
    const message = expect.not.stringMatching(/sec/)
    expect(await refused(PostgresAdapter.open(url as never))).toMatchObject({ code: 'INVALID_ARGUMENT', message })
    if (url === null) return
    const error = await refused(opens(newSchema(), { newsUrl: url }))
    expect(error).toMatchObject({ code: 'INVALID_OPTION', message })
  })

  test.each([
    ['pg', 'postgres://ada:hunter2@host:port/app'],
    ['pg', 'postgres://ada:hunter/2@host/app'],
    ['postgres', 'postgres://ada:hunter2@host:port/app'],
    ['postgres', 'postgres://ada:hunter2%zz@host/app'],
  ] as const)(
    'a URL that %s cannot read is an argument error, at once and without its password: %s',
    async (driver, url) => {
      // A retried connection attempt would wait an hour.
      const patient = { driver, busyTimeout: 3_600_000 }
      const openings = {
        open: opens(newSchema(), patient, url),
        connect: opens(newSchema(), { ...patient, newsUrl: url }),
      }
      for (const [operation, opening] of Object.entries(openings)) {
        const error = await refused(opening)
        const message = expect.stringMatching(new RegExp(`^${operation}: .*encodeURIComponent`))
        expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', operation, retryable: false, message })
        expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('hunter')
      }
    },
  )
})
