import { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import pg from 'pg'
import postgres from 'postgres'
import { expect, test, vi } from 'vitest'
import { Connector } from '../../packages/persistence-postgres/src/wire/connector.js'
import { postgresJs } from '../../packages/persistence-postgres/src/wire/postgres-js.js'
import type { ReservedLike } from '../../packages/persistence-postgres/src/wire/reservations.js'
import type { Wire } from '../../packages/persistence-postgres/src/wire/wire.js'
import { proveCell } from '../postgres/cell.js'
import { serverUrl } from '../postgres/server/places.mjs'
import { admin, disconnectAfterEach, newSchema, opens, track } from './server-adapters.js'

disconnectAfterEach()

proveCell()

/** Ends the connections with this application name. */
async function endAll(name: string): Promise<void> {
  await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1`, [name])
}

test('a call that waits for a connection of an sql of postgres gets one also when the awaited connection ends', async () => {
  const schema = newSchema()
  const sql = postgres(serverUrl(), { max: 1, connection: { application_name: schema } })
  await sql.reserve()
  const options = { schema, durability: 'process', newsUrl: false, busyTimeout: 20_000 } as const
  const adapter = track(new PostgresAdapter(sql, options))
  const connecting = adapter.connect()
  await new Promise((resolve) => setImmediate(resolve))
  await endAll(schema)
  await connecting
  await adapter.cache.set('k', 1)
  expect(await adapter.cache.get('k')).toBe(1)
})

/** Pools of the app with one connection; each records its queries. */
const POOLS = {
  postgres: async (schema: string) => {
    const sql = postgres(serverUrl(), { max: 1, connection: { application_name: schema } })
    const taken = await sql.reserve()
    const asked = [vi.spyOn(sql, 'reserve'), vi.spyOn(sql, 'unsafe')]
    return { handle: sql, asked, give: () => taken.release() }
  },
  pg: async () => {
    const pool = new pg.Pool({ connectionString: serverUrl(), max: 1 })
    const taken = await pool.connect()
    const asked = [vi.spyOn(pool, 'connect')]
    return { handle: pool, asked, give: () => taken.release() }
  },
}

test.each(['postgres', 'pg'] as const)(
  'calls that give up waiting for a connection of %s do not queue in its pool again and again',
  async (library) => {
    const schema = newSchema()
    await opens(schema)
    const { handle, asked, give } = await POOLS[library](schema)
    const options = { schema, durability: 'process', newsUrl: false, busyTimeout: 0 } as const
    const adapter = track(new PostgresAdapter(handle as pg.Pool, options))
    for (let round = 0; round < 2; round++)
      await expect(adapter.cache.get('k')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    let times = 0
    for (const { mock } of asked) times += mock.calls.length
    expect(times).toBe(1)
    give()
    expect(await adapter.cache.get('k')).toBeNull()
  },
)

test('for each connection that ends, all waiting calls together ask an sql of postgres once more', async () => {
  const asked: ((reserved: ReservedLike) => void)[] = []
  let [released, answered] = [0, 0]
  const sql = {
    options: {} as { onclose?(id: number): void },
    reserve: () => new Promise<ReservedLike>((resolve) => asked.push(resolve)),
    unsafe: async () => [],
    listen: async () => ({ unlisten: async () => undefined }),
    end: async () => undefined,
  }
  const source = postgresJs(sql)
  const noRows = () => Object.assign(Promise.resolve([]), { raw: async () => [] })
  const waiting = [1, 2].map(() => source.connect().then(() => answered++))
  await new Promise((resolve) => setImmediate(resolve))
  const end = async (connections: number): Promise<void> => {
    for (let id = 0; id < connections; id++) sql.options.onclose?.(id)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await end(10)
  expect(asked).toHaveLength(2 + 2)
  await end(1)
  expect(asked).toHaveLength(2 + 2 + 1)
  // The library has dropped the first three requests.
  for (const give of asked.slice(3)) give({ unsafe: noRows, release: () => released++ })
  await Promise.all(waiting)
  await end(1)
  expect(asked).toHaveLength(5)
  asked[0]?.({ unsafe: noRows, release: () => released++ })
  await new Promise((resolve) => setImmediate(resolve))
  expect({ answered, released }).toEqual({ answered: 2, released: 1 })
})

test('a client that lacks our prepared statements, or has those of another one, as behind a pooler, is used without', async () => {
  const schema = newSchema()
  const connected = async () => {
    const client = new pg.Client({ connectionString: serverUrl() })
    await client.connect()
    const adapter = track(new PostgresAdapter(client, { schema, durability: 'process' }))
    await adapter.connect()
    return { client, adapter }
  }
  const [one, other] = [await connected(), await connected()]
  await one.adapter.cache.set('k', 1)
  expect(await one.adapter.cache.get('k')).toBe(1)
  const { rows } = await one.client.query("SELECT name FROM pg_prepared_statements WHERE statement LIKE '%.cache %'")
  expect(rows).toHaveLength(2)
  for (const { name } of rows) await other.client.query(`PREPARE "${name}" AS SELECT 1`)
  await one.client.query('DEALLOCATE ALL')
  for (const { adapter } of [one, other]) expect(await adapter.cache.get('k')).toBe(1)
})

test('a connection that comes late goes to the next call that waits, or back to the pool', async () => {
  vi.useFakeTimers()
  try {
    const asked: ReturnType<typeof Promise.withResolvers<Wire>>[] = []
    const closed = vi.fn()
    let start = 0
    const late = (): Wire => ({
      lost: false,
      run: async () => [{ start: ++start }],
      query: async () => [],
      close: async () => closed(),
    })
    const connector = new Connector(
      {
        engine: 'pg',
        several: true,
        pooled: true,
        connect() {
          const coming = Promise.withResolvers<Wire>()
          asked.push(coming)
          return coming.promise
        },
        end: async () => undefined,
      },
      1_000,
    )
    const givesUp = async () => {
      const call = expect(connector.connect()).rejects.toThrow('no connection came in time')
      await vi.advanceTimersByTimeAsync(1_000)
      await call
    }
    await givesUp()
    const next = connector.connect()
    await vi.advanceTimersByTimeAsync(500)
    const wire = late()
    asked[0]?.resolve(wire)
    expect(await next).toBe(wire)
    expect(closed).not.toHaveBeenCalled()

    await givesUp()
    asked[1]?.resolve(late())
    await vi.advanceTimersByTimeAsync(1)
    expect(closed).toHaveBeenCalledOnce()

    await givesUp()
    asked[2]?.reject(new Error('refused'))
    await vi.advanceTimersByTimeAsync(1)
    void connector.connect().catch(() => undefined)
    await vi.advanceTimersByTimeAsync(1)
    expect(asked, 'a refusal is not taken for the next call').toHaveLength(4)
    await vi.advanceTimersByTimeAsync(1_000)
  } finally {
    vi.useRealTimers()
  }
})

test('a connection of a pool that fails before its first use is given back as broken', async () => {
  const closed: boolean[] = []
  const failing = () => Promise.reject(new Error('gone'))
  const wire: Wire = { lost: false, run: failing, query: failing, close: async (broken) => void closed.push(broken) }
  const source = { engine: 'tests', several: true, pooled: true, connect: async () => wire, end: failing } as const
  await expect(new Connector(source, 1_000).connect()).rejects.toThrow('gone')
  expect(closed).toEqual([true])
})

test('a write that the app’s client gives up is not reported as failed', async () => {
  const schema = newSchema()
  await opens(schema) // The tables, which may take longer than what the app's client waits for.
  const pool = new pg.Pool({ connectionString: serverUrl(), query_timeout: 1_000, application_name: schema })
  const adapter = track(new PostgresAdapter(pool, { schema, durability: 'process', newsUrl: false }))
  await adapter.recordFailure('api', 100)
  await admin.query(`CREATE FUNCTION "${schema}".stand_still() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_sleep(60); RETURN NEW; END';
    CREATE TRIGGER stand_still BEFORE UPDATE ON "${schema}".circuit FOR EACH ROW EXECUTE FUNCTION "${schema}".stand_still()`)
  await expect(adapter.recordFailure('api', 100)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
  // The server continues the statement meanwhile.
  await endAll(schema)
  await admin.query(`DROP FUNCTION "${schema}".stand_still() CASCADE`)
  expect(await adapter.recordFailure('api', 100)).toBe(2)
})

const RELEASES = [
  ['installed', {}],
  // Before 8.21, a client does not report the status of its transaction.
  ['before 8.21', { getTransactionStatus: undefined }],
] as const

test.each(RELEASES)(
  'a client in a transaction of the app refuses calls that need their own, and leaves it open: pg %s',
  async (_, release) => {
    const schema = newSchema()
    const other = await opens(schema)
    await other.cache.set('note', 'before')
    const client = Object.assign(new pg.Client({ connectionString: serverUrl() }), release)
    await client.connect()
    const options = { schema, durability: 'process', closeOnDisconnect: false } as const
    const adapter = new PostgresAdapter(client, options)
    const lock = await adapter.acquire('job', 60_000)
    if (lock === null) throw new Error('the lock is free')
    const note = `UPDATE "${schema}".cache SET value = '"half"'`
    // Not awaited: it is queued before the call.
    const begun = client.query(`BEGIN; ${note}`)
    for (const now of ['at once', 'later']) {
      const refusal = { code: 'SQL', message: expect.stringContaining('give the adapter a pool') }
      await expect(adapter.fenced(lock, [{ sql: 'SELECT 1' }]), now).rejects.toMatchObject(refusal)
    }
    await begun
    expect(await other.cache.get('note')).toBe('before')
    // Not awaited: the transaction has ended when the call's turn comes.
    const ended = client.query('ROLLBACK')
    await adapter.fenced(lock, [{ sql: note }])
    await ended
    expect(await other.cache.get('note')).toBe('half')
    await adapter.disconnect()
    await client.end()
  },
)

test.each(RELEASES)(
  'a client whose transaction of the app refused a write is used again, and its transactions are seen as before: pg %s',
  async (_, release) => {
    const client = Object.assign(new pg.Client({ connectionString: serverUrl() }), release)
    await client.connect()
    const listeners = () => ['end', 'error'].map((event) => client.listenerCount(event))
    const before = listeners()
    const options = { schema: newSchema(), durability: 'process', closeOnDisconnect: false, busyTimeout: 0 } as const
    const adapter = new PostgresAdapter(client, options)
    const lock = await adapter.acquire('job', 60_000)
    if (lock === null) throw new Error('the lock is free')
    const write = () => adapter.fenced(lock, [{ sql: 'SELECT 1' }])
    // As of a server that is no longer the primary, where a pool has another connection to give.
    await client.query('BEGIN READ ONLY')
    await expect(adapter.cache.set('k', 1)).rejects.toThrow('read-only')
    await client.query('ROLLBACK')
    await write()
    await client.query('BEGIN')
    await expect(write()).rejects.toMatchObject({ code: 'SQL', message: expect.stringContaining('give the adapter') })
    await client.query('ROLLBACK')
    await write()
    await adapter.disconnect()
    expect(listeners()).toEqual(before)
    await client.end()
  },
)

test.each([
  ['goes on', 'SELECT 1'],
  ['has failed', 'SELECT 1 / 0'],
])(
  'a transaction that an app left open on a connection of its pool, and that %s, loses no write of ours',
  async (_, sql) => {
    const schema = newSchema()
    const other = await opens(schema)
    const pool = new pg.Pool({ connectionString: serverUrl(), max: 1 })
    const forgotten = await pool.connect()
    await forgotten.query('BEGIN')
    await forgotten.query(sql).catch(() => undefined)
    forgotten.release()
    const adapter = track(new PostgresAdapter(pool, { schema, durability: 'process', newsUrl: false }))
    await adapter.cache.set('k', 1)
    expect(await other.cache.get('k')).toBe(1)
  },
)
