import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import pg from 'pg'
import postgres from 'postgres'
import { beforeEach, expect, test } from 'vitest'
import { proveCell } from '../postgres/cell.js'
import { serverUrl } from '../postgres/server/places.mjs'
import { admin, disconnectAfterEach, eventually, newSchema, opens } from './server-adapters.js'

disconnectAfterEach()

proveCell()

// A retried call would wait an hour.
const PATIENT = { durability: 'process', busyTimeout: 3_600_000 } as const

const newSql = () => postgres(serverUrl(), { max: 4, onnotice: () => undefined })

let schema: string
beforeEach(async () => {
  schema = newSchema()
  await opens(schema)
})

test.each([
  ['a pool of pg', () => new pg.Pool({ connectionString: serverUrl() })],
  ['an sql of postgres', newSql],
] as const)('%s that the app has ended is CLOSED, at once', async (_, make) => {
  const handle = make()
  await handle.end()
  const adapter = new PostgresAdapter(handle, { ...PATIENT, schema })
  await expect(adapter.cache.get('k')).rejects.toMatchObject({ code: 'CLOSED' })
  await adapter.disconnect()
})

test('an app ends its sql of postgres first: earlier calls complete, later ones are CLOSED', async () => {
  const sql = newSql()
  const adapter = new PostgresAdapter(sql, { ...PATIENT, schema })
  const lock = await adapter.acquire('job', 60_000)
  if (lock === null) throw new Error('the lock is free')
  const statement = { sql: `UPDATE "${schema}".cache SET value = '"fenced"' WHERE false` }
  // Runs on its own connection, which exists from then on.
  await adapter.fenced(lock, [statement])
  adapter.circuitBreaker.subscribe('api', () => undefined)
  const called = [
    ...Array.from({ length: 20 }, (_, at) => adapter.cache.set(`k${at}`, at)),
    adapter.fenced(lock, [statement]),
    adapter.cache.keys(),
  ]
  await sql.end()
  expect((await Promise.all(called)).at(-1)).toHaveLength(20)
  await expect(adapter.cache.get('k1')).rejects.toMatchObject({ code: 'CLOSED' })
  await adapter.disconnect()
})

test('an app ends its sql of postgres while the adapter disconnects: both complete', async () => {
  const sql = newSql()
  const adapter = new PostgresAdapter(sql, { ...PATIENT, schema })
  await adapter.cache.set('k', 1)
  await Promise.all([adapter.disconnect(), sql.end()])
})

test('an app ends its sql of postgres while the adapter waits for a connection of it: both complete', async () => {
  const sql = postgres(serverUrl(), { max: 1 })
  const taken = await sql.reserve()
  const adapter = new PostgresAdapter(sql, { ...PATIENT, schema })
  const connecting = adapter.connect()
  await new Promise((resolve) => setImmediate(resolve))
  const ended = sql.end({ timeout: 1 })
  await expect(connecting).rejects.toMatchObject({ code: 'CLOSED' })
  await Promise.all([adapter.disconnect(), ended])
  taken.release()
})

test('an adapter disconnects from connections of postgres that are older than max_lifetime', async () => {
  // Seconds. The default is between half an hour and an hour.
  const max_lifetime = 1
  const makeSql = () => postgres(serverUrl(), { max: 4, max_lifetime, onnotice: () => undefined })
  const url = new URL(serverUrl())
  url.searchParams.set('max_lifetime', String(max_lifetime))
  const goesOn = makeSql()
  const adapters = [
    new PostgresAdapter(makeSql(), { ...PATIENT, schema }),
    new PostgresAdapter(goesOn, { ...PATIENT, schema, closeOnDisconnect: false }),
    await opens(schema, { driver: 'postgres' }, url.href),
  ]
  await Promise.all(adapters.map((adapter) => adapter.cache.set('k', 1)))
  await new Promise((resolve) => setTimeout(resolve, max_lifetime * 1_500))
  await Promise.all(adapters.map((adapter) => adapter.disconnect()))
  await goesOn.end()
})

test('an app ends its sql of postgres, of one connection, while the adapter waits behind a transaction', async () => {
  const name = `queued behind ${schema}`
  const sql = postgres(serverUrl(), { max: 1, connection: { application_name: name } })
  const [began, commit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const transaction = sql.begin(async (own) => {
    await own`SELECT 1`
    began.resolve()
    await commit.promise
  })
  await began.promise
  const connections = () => admin.query('SELECT 1 FROM pg_stat_activity WHERE application_name = $1', [name])
  expect((await connections()).rowCount).toBe(1)
  const adapter = new PostgresAdapter(sql, { ...PATIENT, schema })
  const connecting = adapter.connect()
  await new Promise((resolve) => setImmediate(resolve))
  const ended = sql.end()
  await new Promise((resolve) => setImmediate(resolve))
  commit.resolve()
  await expect(connecting).rejects.toMatchObject({ code: 'CLOSED' })
  await Promise.all([transaction, ended, adapter.disconnect()])
  await eventually(async () => (await connections()).rowCount === 0 || undefined)
})
