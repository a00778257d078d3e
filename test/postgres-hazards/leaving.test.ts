import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { PostgresAdapter, type PostgresHandle } from '@go-go-scope/persistence-postgres'
import pg from 'pg'
import postgres from 'postgres'
import { expect, test } from 'vitest'
import { proveCell } from '../postgres/cell.js'
import { serverUrl } from '../postgres/server/places.mjs'
import { cuttingProxy } from './cutting-proxy.mjs'
import { admin, eventually, newSchema, refused } from './server-adapters.js'

proveCell()

const OPTIONS = { durability: 'process', busyTimeout: 0 } as const

const over = (handle: PostgresHandle) => new PostgresAdapter(handle, { ...OPTIONS, schema: newSchema() })

test('disconnect completes while a waiter wants a second connection of a pool of one', async () => {
  const schema = newSchema()
  const pool = new pg.Pool({ connectionString: serverUrl(), max: 1 })
  const adapter = new PostgresAdapter(pool, { schema, durability: 'process' })
  const claim = await adapter.idempotency.claim('key', { lease: 60_000 })
  if (claim.state !== 'claimed') throw new Error('the key is free')
  const waiting = adapter.idempotency.claim('key', { lease: 60_000, wait: 20_000 })
  while (pool.waitingCount === 0) await new Promise(setImmediate)
  await claim.complete('done')
  expect(await waiting).toMatchObject({ state: 'completed' })
  await adapter.disconnect()
  expect(pool.totalCount).toBe(0)
})

test('disconnect completes while the app holds a pool’s connections, and later ones are returned to the pool', async () => {
  const schema = newSchema()
  const pool = new pg.Pool({ connectionString: serverUrl(), max: 2 })
  const adapter = new PostgresAdapter(pool, { schema, durability: 'process', closeOnDisconnect: false })
  await adapter.connect()
  const held = await pool.connect()
  // The listener queues after this request, and the connection that the adapter releases goes to the request.
  const next = pool.connect()
  const leave = adapter.circuitBreaker.subscribe('api', () => undefined)
  while (pool.waitingCount < 2) await new Promise(setImmediate)
  leave()
  await adapter.disconnect()
  held.release()
  ;(await next).release()
  while (pool.idleCount < pool.totalCount || pool.waitingCount > 0) await new Promise(setImmediate)
  await pool.end()
})

test('after disconnect, the connection that has listened is back in the pool too', async () => {
  const pool = new pg.Pool({ connectionString: serverUrl(), max: 2 })
  const options = { schema: newSchema(), durability: 'process', closeOnDisconnect: false } as const
  const adapter = new PostgresAdapter(pool, options)
  adapter.circuitBreaker.subscribe('api', () => undefined)
  await eventually(async () => ((await adapter.stats()).notifications === 'active' ? true : undefined))
  await adapter.disconnect()
  expect({ idle: pool.idleCount, of: pool.totalCount }).toEqual({ idle: 2, of: 2 })
  await pool.end()
})

test('disconnect completes on an sql of postgres whose server does not answer', async () => {
  const silent = createServer()
  await once(silent.listen(0, '127.0.0.1'), 'listening')
  const { port } = silent.address() as AddressInfo
  const adapter = new PostgresAdapter(postgres(`postgres://nobody@127.0.0.1:${port}/none`), OPTIONS)
  await expect(adapter.connect()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  await adapter.disconnect()
  silent.close()
})

test.each([
  ['open by pg', (url: string) => PostgresAdapter.open(url, { ...OPTIONS, schema: newSchema(), driver: 'pg' })],
  [
    'open by postgres',
    (url: string) => PostgresAdapter.open(url, { ...OPTIONS, schema: newSchema(), driver: 'postgres' }),
  ],
  ['a pool of pg', (url: string) => over(new pg.Pool({ connectionString: url }))],
  [
    'a client of pg',
    async (url: string) => {
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      return over(client)
    },
  ],
  ['an sql of postgres', (url: string) => over(postgres(url, { onnotice: () => undefined }))],
] as const)('a server that falls silent beside an adapter that does nothing is left: %s', async (_, make) => {
  const proxy = await cuttingProxy(serverUrl())
  const adapter = await make(proxy.url)
  await adapter.cache.set('k', 1)
  proxy.fallSilent(true)
  await adapter.disconnect()
  await proxy.close()
})

test('disconnect completes on an sql of postgres whose connection the server ends meanwhile', async () => {
  const schema = newSchema()
  // Repeated, because the end should come between the adapter's last statement and its answer.
  for (let round = 0; round < 8; round++) {
    const name = `${schema} ${round}`
    const sql = postgres(serverUrl(), { onnotice: () => undefined, connection: { application_name: name } })
    const adapter = new PostgresAdapter(sql, { schema, durability: 'process' })
    await adapter.cache.set('k', round)
    const connections = 'FROM pg_stat_activity WHERE application_name = $1'
    const ended = admin.query(`SELECT pg_terminate_backend(pid) ${connections}`, [name])
    await adapter.disconnect()
    await ended
  }
})

/** Makes an adapter on an `sql` that the app ends itself; `pids` returns the backend process ids of its connections. */
async function onSqlOfApp(schema: string) {
  const sql = postgres(serverUrl(), { max: 3, onnotice: () => undefined, connection: { application_name: schema } })
  const adapter = new PostgresAdapter(sql, { schema, durability: 'process', closeOnDisconnect: false })
  await adapter.cache.set('k', 1)
  return { sql, adapter, pids: (query: string) => pidsOf(schema, query) }
}

/** Waits for connections with this name whose last statement is like `query`, and returns their backend process ids. */
function pidsOf(name: string, query: string): Promise<number[]> {
  return eventually(async () => {
    const named = 'FROM pg_stat_activity WHERE application_name = $1 AND query LIKE $2'
    const { rows } = await admin.query<{ pid: number }>(`SELECT pid ${named}`, [name, query])
    return rows.length > 0 ? rows.map(({ pid }) => pid) : undefined
  })
}

const endEach = (pids: number[]) =>
  admin.query('SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid', [pids])

test('an app ends its sql of postgres after the server ended a connection with a running statement', async () => {
  const { sql, adapter, pids } = await onSqlOfApp(newSchema())
  const lock = await adapter.acquire('job', 60_000)
  if (lock === null) throw new Error('the lock is free')
  const fenced = adapter.fenced(lock, [{ sql: 'SELECT pg_sleep(60)' }]).then(
    () => undefined,
    (error: unknown) => error,
  )
  await endEach(await pids('SELECT pg_sleep%'))
  expect(await fenced).toBeInstanceOf(Error)
  await adapter.disconnect()
  await sql.end()
})

test('an app ends its sql of postgres while the server ends the connection that the adapter releases', async () => {
  for (let round = 0; round < 6; round++) {
    const { sql, adapter, pids } = await onSqlOfApp(newSchema())
    const ended = endEach(await pids('%'))
    // Repeated, because the end should come between the adapter's last statement and its answer.
    for (let turns = 0; turns < round; turns++) await new Promise(setImmediate)
    await adapter.disconnect()
    await sql.end()
    await ended
  }
})

test('an app ends its sql of postgres after the server ended an idle connection: the app’s statement is waited for', async () => {
  const schema = newSchema()
  // Two connections, one for the adapter and one for the app: no other call is answered while the app's statement runs.
  const sql = postgres(serverUrl(), { max: 2, onnotice: () => undefined, connection: { application_name: schema } })
  const end = sql.end.bind(sql)
  const passed = Promise.withResolvers<unknown>()
  sql.end = (options) => {
    passed.resolve(options)
    return end(options)
  }
  const adapter = new PostgresAdapter(sql, { schema, durability: 'process', closeOnDisconnect: false })
  await adapter.cache.set('k', 1)
  const closed = sql.options.onclose
  const lost = new Promise<void>((resolve) => {
    sql.options.onclose = (id) => {
      closed?.(id)
      resolve()
    }
  })
  await endEach(await pidsOf(schema, '%'))
  await lost
  expect(await adapter.cache.get('k')).toBe(1)
  // The library pipelines statements on a busy connection, but not on a connection that it makes for its first statement.
  await sql`SELECT 1`
  const report = sql`SELECT 'done' AS answer FROM pg_sleep(60)`
  const answer = expect(report).rejects.toMatchObject({ code: '57014' })
  await pidsOf(schema, '%pg_sleep%')
  const ended = sql.end()
  expect(await passed.promise, 'the limit of time').toBeUndefined()
  await report.cancel()
  await answer
  await Promise.all([ended, adapter.disconnect()])
})

test('an app ends its sql of postgres whose server stopped answering a statement of the adapter', async () => {
  const proxy = await cuttingProxy(serverUrl())
  const sql = postgres(proxy.url, { onnotice: () => undefined })
  const adapter = over(sql)
  await adapter.cache.set('k', 1)
  proxy.fallSilent(true)
  const refused = expect(adapter.cache.set('k', 2)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  await sql.end()
  await refused
  await adapter.disconnect()
  await proxy.close()
})

test.each([
  ['a text', (sql: postgres.Sql) => sql`SELECT 'done' AS answer FROM pg_sleep(3)`],
  // The library asks the server for the parameter types and sends nothing else on that connection meanwhile.
  ['a text with parameters', (sql: postgres.Sql) => sql`SELECT 'done' AS answer FROM pg_sleep(${3})`],
])(
  'what the app has asked an sql of postgres before the adapter ends it is answered, however long it takes: %s',
  async (_, ask) => {
    const sql = postgres(serverUrl(), { max: 1, onnotice: () => undefined })
    const adapter = over(sql)
    await adapter.cache.set('k', 1)
    // It waits for the only connection, which the adapter releases.
    const report = ask(sql).then((rows) => rows[0]?.answer)
    const left = adapter.disconnect()
    expect(await report).toBe('done')
    await left
  },
)

test('disconnect completes when the server stopped answering while the adapter listens', async () => {
  const proxy = await cuttingProxy(serverUrl())
  const adapter = await PostgresAdapter.open(proxy.url, { schema: newSchema(), durability: 'process' })
  adapter.circuitBreaker.subscribe('api', () => undefined)
  while ((await adapter.stats()).notifications !== 'active') await new Promise(setImmediate)
  proxy.fallSilent(true)
  await adapter.disconnect()
  await proxy.close()
})

test('disconnect completes on a pool that the app has ended', async () => {
  const pool = new pg.Pool({ connectionString: serverUrl() })
  const adapter = new PostgresAdapter(pool, { schema: newSchema(), durability: 'process' })
  await pool.end()
  await adapter.disconnect()
})

test('a client that is not connected is refused, and can be connected afterwards', async () => {
  const client = new pg.Client({ connectionString: serverUrl() })
  const adapter = new PostgresAdapter(client, { schema: newSchema(), durability: 'process' })
  const refusal = { code: 'INVALID_ARGUMENT', message: expect.stringContaining('await client.connect()') }
  await expect(adapter.connect()).rejects.toMatchObject(refusal)
  await client.connect()
  await adapter.cache.set('k', 1)
  await adapter.disconnect()
})

test('a handle has adapters of one schema and durability at a time', async () => {
  const pool = new pg.Pool({ connectionString: serverUrl() })
  const [schema, other] = [newSchema(), newSchema()]
  const one = new PostgresAdapter(pool, { schema, durability: 'process', closeOnDisconnect: false })
  const refusal = (named: string) =>
    expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(named) })
  expect(() => new PostgresAdapter(pool, { schema: other, durability: 'process' })).toThrow(refusal(other))
  expect(() => new PostgresAdapter(pool, { schema })).toThrow(refusal("durability: 'power'"))
  await one.disconnect()
  const next = new PostgresAdapter(pool, { schema: other, durability: 'process' })
  await next.cache.set('k', 1)
  await next.disconnect()
})

test('adapters that come and go leave nothing on their handle', async () => {
  const schema = newSchema()
  const pool = new pg.Pool({ connectionString: serverUrl(), max: 1 })
  const sql = postgres(serverUrl(), { max: 1, onnotice: () => undefined })
  const kept = async (): Promise<unknown[]> => {
    for (const handle of [pool, sql]) {
      const adapter = new PostgresAdapter(handle, { schema, durability: 'process', closeOnDisconnect: false })
      await adapter.cache.set('k', 1)
      await adapter.disconnect()
    }
    const client = await pool.connect()
    client.release()
    const listeners = ['error', 'end', 'notification'].map((event) => client.listenerCount(event))
    return [pool.listenerCount('error'), listeners, sql.options.onclose, sql.options.debug]
  }
  const first = await kept()
  expect(await kept()).toEqual(first)
  await Promise.all([pool.end(), sql.end()])
})

test('an open that is refused, and an adapter that has used a second connection, leave none on the server', async () => {
  const schema = newSchema()
  const url = new URL(serverUrl())
  url.searchParams.set('application_name', schema)
  const open = (options: object) => PostgresAdapter.open(url.href, { durability: 'process', schema, ...options })
  const connections = async () => {
    const { rows } = await admin.query('SELECT pid FROM pg_stat_activity WHERE application_name = $1', [schema])
    return rows.length
  }
  expect(await refused(open({ createTables: false }))).toMatchObject({ code: 'SCHEMA_MISSING' })
  await eventually(async () => ((await connections()) === 0 ? true : undefined))
  const adapter = await open({})
  const lock = await adapter.acquire('job', 60_000)
  if (lock === null) throw new Error('the lock is free')
  await adapter.fenced(lock, [{ sql: 'SELECT 1' }])
  expect(await connections()).toBe(2)
  await adapter.disconnect()
  await eventually(async () => ((await connections()) === 0 ? true : undefined))
})
