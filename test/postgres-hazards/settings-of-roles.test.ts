import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import pg from 'pg'
import postgres from 'postgres'
import { expect, test } from 'vitest'
import { proveCell } from '../postgres/cell.js'
import { serverUrl } from '../postgres/server/places.mjs'
import { answers, fillEveryKind } from '../postgres-copy/every-kind.js'
import { admin, disconnectAfterEach, eventually, newSchema, opens, opensImpatient, track } from './server-adapters.js'

disconnectAfterEach()

proveCell()

/** Returns the URL of the server with a new role whose sessions begin with these settings. */
async function urlWith(role: string, settings: Readonly<Record<string, string>>): Promise<string> {
  await admin.query(`CREATE ROLE "${role}" LOGIN SUPERUSER`)
  for (const [name, value] of Object.entries(settings)) {
    await admin.query(`ALTER ROLE "${role}" SET ${name} = ${value}`)
  }
  const url = new URL(serverUrl())
  url.username = role
  return url.href
}

test.each(['pg', 'postgres'] as const)('settings of a role change no answer, by %s', async (driver) => {
  // Includes a name with quotes and backslashes, which must be escaped.
  const schema = `${newSchema()} o'hara "x\\`
  const usual = await opens(schema)
  const url = await urlWith(newSchema(), {
    array_nulls: 'off',
    // Client libraries set it when they connect.
    client_encoding: 'LATIN1',
    DateStyle: "'German, DMY'",
    default_transaction_deferrable: 'on',
    default_transaction_isolation: 'serializable',
    idle_in_transaction_session_timeout: '10000',
    IntervalStyle: 'sql_standard',
    lock_timeout: '10',
    plan_cache_mode: 'force_generic_plan',
    quote_all_identifiers: 'on',
    row_security: 'off',
    search_path: `"${schema.replaceAll('"', '""')}"`,
    standard_conforming_strings: 'off',
    timezone: "'Asia/Tokyo'",
    track_activities: 'off',
    transform_null_equals: 'on',
  })
  const other = await opens(schema, { driver }, url)
  await fillEveryKind(other, 10)
  expect(await answers(other)).toEqual(await answers(usual))
  const lock = await other.acquire('job', 60_000)
  if (lock === null) throw new Error('the lock is free')
  // Its check has to see what was committed while it waited for its turn.
  const level = { transaction_isolation: 'read committed' }
  expect(await other.fenced(lock, [{ sql: 'SHOW transaction_isolation' }])).toEqual([[level]])
  expect(await lock.release()).toBe(true)
  expect((await other.verify()).faults).toEqual([])
})

test('each new connection checks the settings of its role', async () => {
  const role = newSchema()
  const url = await urlWith(role, {})
  const adapter = await opens(newSchema(), { durability: 'power' }, url)
  await admin.query(`ALTER ROLE "${role}" SET synchronous_commit = off`)
  const end = (): Promise<unknown> =>
    admin.query('SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = $1', [role])
  await end()
  await expect(adapter.cache.set('k', 1)).rejects.toMatchObject({
    code: 'ENGINE_UNSUPPORTED',
    message: expect.stringContaining('synchronous_commit off'),
  })
  await admin.query(`ALTER ROLE "${role}" RESET synchronous_commit`)
  await adapter.cache.set('k', 1)
})

test('a running statement is waited for also while no new connection would be accepted', async () => {
  const [schema, role] = [newSchema(), newSchema()]
  const url = await urlWith(role, {})
  const adapter = await opensImpatient(schema, { durability: 'power', busyTimeout: 1_000 }, url)
  await adapter.cache.set('note', 'none')
  const lock = await adapter.acquire('job', 60_000)
  if (lock === null) throw new Error('the lock is free')
  const late = adapter.fenced(lock, [
    // Longer than the limit for a silent server; the server reports that the statement is running.
    { sql: 'SELECT pg_sleep(3.5)' },
    { sql: `UPDATE "${schema}".cache SET value = '"written"'` },
  ])
  const asleep = "SELECT 1 AS found FROM pg_stat_activity WHERE usename = $1 AND wait_event = 'PgSleep'"
  await eventually(async () => (await admin.query(asleep, [role])).rows[0])
  await admin.query(`ALTER ROLE "${role}" SET synchronous_commit = off`)
  await late
  expect(await adapter.cache.get('note')).toBe('written')
})

test.each([
  ['extra_float_digits', '0', '1'],
  ['bytea_output', 'escape', 'hex'],
])('a role with %s = %s, which changes values, is refused', async (name, value, wanted) => {
  const url = await urlWith(newSchema(), { [name]: value })
  await expect(opens(newSchema(), {}, url)).rejects.toMatchObject({
    code: 'ENGINE_UNSUPPORTED',
    message: expect.stringContaining(
      `${name} = ${value}, by which values come back changed; ALTER ROLE … SET ${name} = ${wanted}`,
    ),
  })
})

// With the wrong encoding, the two names of a key would be two rows, and their locks would not exclude each other.
test.each([
  [
    'a pool of pg',
    (encoding: string) => {
      const pool = new pg.Pool({ connectionString: serverUrl() })
      return pool.on('connect', (client) => void client.query(`SET client_encoding TO '${encoding}'`))
    },
  ],
  ['an sql of postgres', (encoding: string) => postgres(serverUrl(), { connection: { client_encoding: encoding } })],
] as const)('%s that has the server change texts is refused', async (_, make) => {
  const over = (encoding: string) =>
    track(new PostgresAdapter(make(encoding), { schema: newSchema(), durability: 'process' }))
  await expect(over('latin1').acquire('größe', 60_000)).rejects.toMatchObject({
    code: 'ENGINE_UNSUPPORTED',
    message: expect.stringContaining('client_encoding = LATIN1'),
  })
  for (const harmless of ['utf8', 'utf-8', 'UNICODE', 'SQL_ASCII']) await over(harmless).cache.set('größe', 1)
})

test.each(['pg', 'postgres'] as const)(
  'a setting that the server does not accept is refused at once, by %s',
  async (driver) => {
    const url = new URL(serverUrl())
    url.searchParams.set('options', '-c default_tablespace=none')
    // A retried connection attempt would wait an hour.
    const opening = opens(newSchema(), { driver, busyTimeout: 3_600_000 }, url.href)
    await expect(opening).rejects.toMatchObject({ code: 'CANNOT_OPEN', message: expect.stringContaining('tablespace') })
  },
)

test.each([
  ['pg', 'statement_timeout', 'BUSY'],
  ['pg', 'transaction_timeout', 'UNAVAILABLE'],
  ['postgres', 'statement_timeout', 'BUSY'],
  ['postgres', 'transaction_timeout', 'UNAVAILABLE'],
] as const)(
  'a statement that exceeds a timeout of its role, by %s and %s, is %s, and the adapter goes on',
  async (driver, name, code) => {
    const schema = newSchema()
    await opens(schema)
    const url = await urlWith(newSchema(), { [name]: '500' })
    const adapter = await opens(schema, { driver, busyTimeout: 0 }, url)
    const lock = await adapter.acquire('job', 60_000)
    if (lock === null) throw new Error('the lock is free')
    await expect(adapter.fenced(lock, [{ sql: 'SELECT pg_sleep(60)' }])).rejects.toMatchObject({ code })
    await adapter.fenced(lock, [{ sql: 'SELECT 1' }])
  },
)
