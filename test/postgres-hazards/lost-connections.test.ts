import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PersistenceError, PostgresAdapter } from '@go-go-scope/persistence-postgres'
import { copyDatabase } from '@go-go-scope/persistence-postgres/copy'
import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { ReconnectingDriver } from '../../packages/persistence-postgres/src/wire/reconnecting-driver.js'
import { proveCell } from '../postgres/cell.js'
import { serverUrl } from '../postgres/server/places.mjs'
import { type Server, startServer } from '../postgres/server/start-server.mjs'
import { proofCount } from '../proof/proof-count.js'
import { cuttingProxy } from './cutting-proxy.mjs'
import { startProxy } from './proxy.mjs'
import { admin, disconnectAfterEach, eventually, newSchema, opens, opensImpatient, track } from './server-adapters.js'

disconnectAfterEach()

proveCell()

const unknown = (error: unknown): boolean => error instanceof PersistenceError && error.code === 'OUTCOME_UNKNOWN'

test('connections that the server ends at random lose no acknowledged write, and end no process', async () => {
  const schema = newSchema()
  const pool = new pg.Pool({ connectionString: serverUrl(), max: 3, application_name: schema })
  const adapter = track(new PostgresAdapter(pool, { schema, durability: 'process' }))
  await adapter.connect()
  let ended = 0
  let round = 0
  let done = false
  const end = async (): Promise<void> => {
    while (!done) {
      const { rows } = await admin.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1',
        [schema],
      )
      ended += rows.length
      const before = round
      // Waits for a successful round, because on a loaded machine each connection could end before it serves a call.
      while (!done && round === before) await new Promise((resolve) => setTimeout(resolve, 15))
    }
  }
  const ending = end()
  let [counted, doubtful] = [0, 0]
  const ends = proofCount({ inTests: 20, inSoak: 100 })
  for (; ended < ends; round++) {
    await adapter.cache.set(`k${round}`, round)
    await adapter.recordFailure('api', 1_000).then(
      () => counted++,
      (error: unknown) => {
        expect(unknown(error), String(error)).toBe(true)
        doubtful++
      },
    )
  }
  done = true
  await ending
  expect((await adapter.cache.keys()).length).toBe(round)
  const { failureCount = 0 } = (await adapter.getState('api')) ?? {}
  expect(failureCount).toBeGreaterThanOrEqual(counted)
  expect(failureCount).toBeLessThanOrEqual(counted + doubtful)
}, 600_000)

test.each(['pg', 'postgres'] as const)('a connection of %s may be cut at any message of its start', async (driver) => {
  let left = Number.POSITIVE_INFINITY
  let cuts = 0
  const proxy = await startProxy(serverUrl(), (client, server) => {
    server.on('data', (data) => client.write(data))
    client.on('data', (data) => {
      if (--left === 0) {
        cuts++
        client.destroy()
      } else server.write(data)
    })
  })
  onTestFinished(proxy.close)
  const adapter = track(await PostgresAdapter.open(proxy.url, { schema: newSchema(), driver, newsUrl: false }))
  await adapter.cache.set('k', 0)
  for (let message = 1; message <= 9; message++) {
    proxy.endAll()
    left = message
    await adapter.cache.set('k', message)
    left = Number.POSITIVE_INFINITY
    expect(await adapter.cache.get('k')).toBe(message)
  }
  expect(cuts).toBeGreaterThan(1)
})

test('an error that no one knows counts as a lost connection if the connection has ended with it', async () => {
  const wire = {
    lost: false,
    async run(): Promise<never> {
      wire.lost = true
      throw new Error('an error of a later release')
    },
    query: async () => [],
    close: async () => undefined,
  }
  const source = { engine: 'pg', several: false, connect: async () => wire, end: async () => undefined }
  const driver = new ReconnectingDriver(source, { answerTimeout: 1_000, prepare: false })
  await expect(driver.query('SELECT 1', [])).rejects.toMatchObject({ name: 'ConnectionLost', sent: true })
})

test('without a server, calls wait for busyTimeout and say so', async () => {
  const opening = PostgresAdapter.open('postgres://postgres@127.0.0.1:1/postgres', { busyTimeout: 50 })
  const error = await opening.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
  expect((error as Error).message).toMatch(/gave up after \d+ ms/)
})

test('an exhausted pool is an error, not an endless wait', async () => {
  const schema = newSchema()
  await (await opens(schema)).disconnect()
  const pool = new pg.Pool({ connectionString: serverUrl(), max: 1 })
  const taken = await pool.connect()
  const adapter = track(new PostgresAdapter(pool, { schema, durability: 'process', busyTimeout: 0 }))
  await expect(adapter.cache.get('k')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  taken.release()
  await adapter.cache.set('k', 1)
  expect(await adapter.cache.get('k')).toBe(1)
  // The pool's only connection is in use, so there is none for `fenced`.
  const lock = await adapter.acquire('job', 60_000)
  if (lock === null) throw new Error('the lock is free')
  const fenced = adapter.fenced(lock, [{ sql: 'SELECT 1' }])
  await expect(fenced).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  expect(await lock.release()).toBe(true)
})

test.each(['pg', 'postgres'] as const)(
  'a server that stops answering is given up, and reconnected to: %s',
  async (driver) => {
    const schema = newSchema()
    const proxy = await cuttingProxy(serverUrl())
    try {
      const adapter = await opensImpatient(schema, { busyTimeout: 1_000, driver }, proxy.url)
      await adapter.cache.set('k', 1)
      // A server that is executing a statement is waited for, however long that takes.
      const lock = await adapter.acquire('job', 60_000)
      if (lock === null) throw new Error('the lock is free')
      await adapter.fenced(lock, [{ sql: 'SELECT pg_sleep(2.5)' }])
      proxy.fallSilent(true)
      const [read, counted] = await Promise.allSettled([adapter.cache.get('k'), adapter.recordFailure('api', 5)])
      expect(read).toMatchObject({ status: 'rejected', reason: { code: 'UNAVAILABLE' } })
      expect(counted).toMatchObject({ status: 'rejected', reason: { code: 'UNAVAILABLE' } })
      proxy.fallSilent(false)
      expect(await adapter.cache.get('k')).toBe(1)
      proxy.fallSilent(true)
      await expect(adapter.recordFailure('api', 5)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
      proxy.fallSilent(false)
      expect(await adapter.recordFailure('api', 5)).toBe(1)
    } finally {
      await proxy.close()
    }
  },
)

test('a full server is waited for', async () => {
  const { rows } = await admin.query("SELECT current_setting('max_connections')::int AS most")
  const schema = newSchema()
  await (await opens(schema)).disconnect()
  const filling: pg.Client[] = []
  try {
    for (let left = rows[0].most; left > 0; left--) {
      const client = new pg.Client({ connectionString: serverUrl() })
      client.on('error', () => undefined)
      const connected = await client.connect().then(
        () => true,
        () => false,
      )
      if (!connected) break
      filling.push(client)
    }
    expect(filling.length).toBeGreaterThan(5)
    const refused = await opens(schema, { busyTimeout: 50 }).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'UNAVAILABLE' })
    expect((refused as Error).message).toContain('max_connections')
    const patient = opens(schema, { busyTimeout: 20_000 })
    await Promise.all(filling.splice(0, 3).map((client) => client.end()))
    await (await patient).cache.set('k', 1)
  } finally {
    await Promise.all(filling.map((client) => client.end()))
  }
})

describe('a server that crashes', () => {
  let server: Server
  beforeAll(async () => {
    // Delays the WAL writer, so that a crash loses everything that need not be flushed.
    server = await startServer({ wal_writer_delay: '10s' })
  }, 60_000)
  afterAll(() => server.stop())

  test('keeps acknowledged writes, and is reconnected to when it is back', async () => {
    const adapter = await opens(newSchema(), { durability: 'power', busyTimeout: 20_000 }, server.url)
    const acknowledged: string[] = []
    let [counted, doubtful] = [0, 0]
    let crashed = 0
    const load = async (worker: number): Promise<void> => {
      for (let round = 0; crashed < 3 || round < 30; round++) {
        const key = `${worker}-${round}`
        await adapter.cache.set(key, round)
        acknowledged.push(key)
        await adapter.recordFailure('api', 1_000_000).then(
          () => counted++,
          (error: unknown) => {
            expect(unknown(error), String(error)).toBe(true)
            doubtful++
          },
        )
      }
    }
    const loads = Promise.all([1, 2, 3, 4].map(load))
    for (; crashed < 3; crashed++) {
      const before = acknowledged.length
      await eventually(async () => (acknowledged.length > before + 20 ? true : undefined))
      await server.crash()
    }
    await loads
    const kept = new Set(await adapter.cache.keys())
    expect(acknowledged.filter((key) => !kept.has(key))).toEqual([])
    const { failureCount = 0 } = (await adapter.getState('api')) ?? {}
    expect(failureCount).toBeGreaterThanOrEqual(counted)
    expect(failureCount).toBeLessThanOrEqual(counted + doubtful)
  })

  /**
   * Copies a file and crashes the server while the copy writes a row. A trigger blocks that row until the crash and not after it.
   *
   * @param row the table and the condition of the row
   * @returns the outcome of the copy, or of a second copy if the first one fails; and the number of rows afterwards
   */
  async function copyOver(entries: number, row: { table: string; is: string }) {
    const folder = await mkdtemp(join(tmpdir(), 'crashed-copy-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const file = join(folder, 'app.db')
    const source = await SQLiteAdapter.open(file)
    await source.cache.setMany(Array.from({ length: entries }, (_, at) => [`k${at + 10_000}`, at] as const))
    await source.disconnect()
    const schema = newSchema()
    await (await opens(schema, {}, server.url)).disconnect()
    const pool = new pg.Pool({ connectionString: server.url, max: 1 })
    pool.on('error', () => undefined)
    onTestFinished(() => pool.end())
    const { rows } = await pool.query('SELECT pg_postmaster_start_time()::text AS start')
    await pool.query(`CREATE FUNCTION "${schema}".wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.key ${row.is} AND pg_postmaster_start_time() = '${rows[0].start}' THEN PERFORM pg_sleep(600); END IF;
  RETURN NEW;
END $$`)
    await pool.query(`CREATE TRIGGER wait BEFORE INSERT ON "${schema}".${row.table}
  FOR EACH ROW EXECUTE FUNCTION "${schema}".wait()`)
    const count = async (): Promise<number> =>
      (await pool.query(`SELECT count(*)::int AS rows FROM "${schema}".cache`)).rows[0].rows

    const copy = () => copyDatabase(file, server.url, { schema })
    const copying = copy()
    copying.catch(() => undefined)
    await eventually(async () => {
      const { rowCount } = await pool.query("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
      return rowCount === 1 ? true : undefined
    })
    expect(await count(), 'pages before are written').toBeGreaterThan(0)
    await server.crash()
    const { outcome } = await copying.catch(copy)
    return { outcome, rows: await count() }
  }

  test('rows of a copy that it loses are copied again', async () => {
    const ended = await copyOver(3_000, { table: 'cache', is: "LIKE '%k12000'" })
    expect(ended).toEqual({ outcome: 'moved', rows: 3_000 })
  })

  test('it loses no row of a copy that was compared', async () => {
    const ended = await copyOver(500, { table: 'meta', is: "= 'moved_from'" })
    expect(ended).toEqual({ outcome: 'moved', rows: 500 })
  })
})
