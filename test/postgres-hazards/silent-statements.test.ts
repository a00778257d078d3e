import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import pg from 'pg'
import { afterEach, expect, test, vi } from 'vitest'
import { PgWire } from '../../packages/persistence-postgres/src/wire/pg-wire.js'
import { ReconnectingDriver } from '../../packages/persistence-postgres/src/wire/reconnecting-driver.js'
import { SilenceWatch } from '../../packages/persistence-postgres/src/wire/silence-watch.js'
import { proveCell } from '../postgres/cell.js'
import { serverUrl } from '../postgres/server/places.mjs'
import { admin, disconnectAfterEach, newSchema, opensImpatient, track } from './server-adapters.js'

disconnectAfterEach()

proveCell()

afterEach(() => void vi.useRealTimers())

test.each(['pg', 'postgres'] as const)(
  'a table that the app has locked is BUSY, for readers too, and the connection stays usable: %s',
  async (driver) => {
    const schema = newSchema()
    const adapter = await opensImpatient(schema, { busyTimeout: 100, driver })
    const client = await admin.connect()
    try {
      await client.query(`BEGIN; LOCK "${schema}".cache IN ACCESS EXCLUSIVE MODE`)
      await expect(adapter.cache.set('k', 1)).rejects.toMatchObject({ code: 'BUSY' })
      await expect(adapter.cache.get('k')).rejects.toMatchObject({ code: 'BUSY' })
      expect(await adapter.recordFailure('api', 3)).toBe(1)
    } finally {
      await client.query('ROLLBACK')
      client.release()
    }
    expect(await adapter.cache.get('k')).toBeNull()
    await adapter.cache.set('k', 2)
  },
)

test('a statement that has waited for a table, and runs by the time that it would be cancelled, is not cancelled', async () => {
  const [running, asking] = [await admin.connect(), await admin.connect()]
  try {
    const wire = new PgWire(asking as never, async () => undefined)
    let asked = 0
    const watch = new SilenceWatch(50, async () => ({
      lost: false,
      query: () => Promise.reject(new Error('only our statements ask')),
      run(sql, parameters) {
        asked++
        // As if it were still waiting when it was looked at.
        return wire.run(
          sql.replace("wait_event_type = 'Lock' AND wait_event = 'relation'", 'true'),
          parameters,
          undefined,
        )
      },
      close: async () => undefined,
    }))
    const [{ pid }] = (await running.query('SELECT pg_backend_pid()::int AS pid')).rows
    const answer = running.query("SELECT 'done' AS answer FROM pg_sleep(0.3)")
    expect(await watch.answered(pid, undefined, answer)).toMatchObject({ rows: [{ answer: 'done' }] })
    expect(asked).toBeGreaterThan(0)
  } finally {
    for (const client of [running, asking]) client.release(true)
  }
})

/** A pool of pooler connections, whose backend process ids the server does not know. */
function pooled(): pg.Pool {
  const pool = new pg.Pool({ connectionString: serverUrl() })
  pool.on('connect', (client) => Object.assign(client, { processID: 2_000_000_000 }))
  return pool
}

test('behind a pooler a table that the app has locked is BUSY too', async () => {
  const schema = newSchema()
  const adapter = track(new PostgresAdapter(pooled(), { schema, durability: 'process', busyTimeout: 100 }))
  await adapter.cache.set('k', 1)
  const client = await admin.connect()
  await client.query(`BEGIN; LOCK "${schema}".cache IN ACCESS EXCLUSIVE MODE`)
  await expect(adapter.cache.get('k')).rejects.toMatchObject({ code: 'BUSY' })
  await client.query('ROLLBACK')
  client.release()
  expect(await adapter.cache.get('k')).toBe(1)
})

test('behind a pooler a statement may take long', async () => {
  const pool = pooled()
  const adapter = track(new PostgresAdapter(pool, { schema: newSchema(), durability: 'process', busyTimeout: 0 }))
  const lock = await adapter.acquire('job', 60_000)
  if (lock === null) throw new Error('the lock is free')
  // Longer than the limit for a silent server, and than a late answer may take.
  const sql = "SELECT 'done' AS answer FROM pg_sleep(3)"
  expect(await adapter.fenced(lock, [{ sql }])).toEqual([[{ answer: 'done' }]])
})

test.each(['pg', 'postgres'] as const)(
  'if the server does not report what connections do, a statement may take long, and a locked table is BUSY: %s',
  async (driver) => {
    const schema = newSchema()
    const url = new URL(serverUrl())
    url.searchParams.set('options', '-c track_activities=off')
    const adapter = await opensImpatient(schema, { busyTimeout: 100, driver }, url.href)
    const lock = await adapter.acquire('job', 60_000)
    if (lock === null) throw new Error('the lock is free')
    const sql = "SELECT 'done' AS answer FROM pg_sleep(3)"
    expect(await adapter.fenced(lock, [{ sql }])).toEqual([[{ answer: 'done' }]])
    const client = await admin.connect()
    await client.query(`BEGIN; LOCK "${schema}".circuit IN ACCESS EXCLUSIVE MODE`)
    await expect(adapter.recordFailure('api', 3)).rejects.toMatchObject({ code: 'BUSY' })
    await client.query('ROLLBACK')
    client.release()
    expect(await adapter.recordFailure('api', 3)).toBe(1)
  },
)

test('a new connection whose server does not answer its first statement is given up', async () => {
  vi.useFakeTimers()
  const never = new Promise<never>(() => undefined)
  const close = vi.fn(async () => undefined)
  const wire = { lost: false, backend: 1, run: () => never, query: () => never, close }
  const source = { engine: 'pg', several: true, connect: async () => wire, end: async () => undefined }
  const driver = new ReconnectingDriver(source, { answerTimeout: 1_000, prepare: 'auto' })
  const call = expect(driver.query('SELECT 1', [])).rejects.toMatchObject({ name: 'ConnectionLost', sent: false })
  await vi.advanceTimersByTimeAsync(1_000)
  await call
  expect(close).toHaveBeenCalledExactlyOnceWith(true)
})

test('a server that answers is not asked, however long one statement follows another', async () => {
  vi.useFakeTimers()
  const connect = vi.fn(() => Promise.reject(new Error('nobody can be asked')))
  const watch = new SilenceWatch(1_000, connect)
  for (let statement = 0; statement < 20; statement++) {
    const { promise, resolve } = Promise.withResolvers<void>()
    const answered = watch.answered(1, undefined, promise)
    await vi.advanceTimersByTimeAsync(300)
    resolve()
    await answered
  }
  expect(connect).not.toHaveBeenCalled()
})

test('a server that does not answer is probed by one connection at a time', async () => {
  vi.useFakeTimers()
  let [asked, open] = [0, 0]
  const never = new Promise<never>(() => undefined)
  const watch = new SilenceWatch(1_000, async () => {
    asked++
    open++
    const { promise, reject } = Promise.withResolvers<never>()
    const close = async (): Promise<void> => {
      open--
      // As of a statement whose connection is closed.
      reject(new Error('closed'))
    }
    return { lost: false, run: () => promise, query: () => promise, close }
  })
  void watch.answered(undefined, 'SELECT 1', never)
  for (let second = 0; second < 60; second++) {
    await vi.advanceTimersByTimeAsync(1_000)
    expect(open).toBeOneOf([0, 1])
  }
  expect(asked).toBeGreaterThan(5)
})
