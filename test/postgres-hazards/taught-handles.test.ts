import { PostgresAdapter, type PostgresHandle } from '@go-go-scope/persistence-postgres'
import pg from 'pg'
import postgres from 'postgres'
import { expect, test } from 'vitest'
import { pglite } from '../../packages/persistence-postgres/src/wire/pglite.js'
import { proveCell } from '../postgres/cell.js'
import { serverUrl } from '../postgres/server/places.mjs'
import { disconnectAfterEach, newSchema, track } from './server-adapters.js'

disconnectAfterEach()

proveCell()

const taught = (text: unknown): unknown => (text === null ? undefined : `taught ${text}`)

/** The ids of all types in the answers of our statements. */
const TYPES = [17, 19, 20, 21, 23, 25, 26, 700, 701, 1043]

const HANDLES: Record<string, () => PostgresHandle> = {
  'a pool of pg with parsers of its own': () =>
    new pg.Pool({ connectionString: serverUrl(), types: { getTypeParser: () => taught } as never }),
  'a pool of pg that asks for binary answers': () =>
    new pg.Pool({ connectionString: serverUrl(), binary: true } as pg.PoolConfig),
  'an sql of postgres with parsers of its own': () =>
    postgres(serverUrl(), { types: { all: { to: 0, from: TYPES, serialize: String, parse: taught } } }),
  'an sql of postgres that changes values': () => postgres(serverUrl(), { transform: { value: { from: taught } } }),
  'an sql of postgres with names in camel case': () => postgres(serverUrl(), { transform: postgres.camel }),
  'one with names in Pascal case': () => postgres(serverUrl(), { transform: postgres.pascal }),
  'one with names in kebab case that prepares nothing': () =>
    postgres(serverUrl(), { transform: postgres.kebab, prepare: false }),
}

test.each(Object.keys(HANDLES))(
  '%s answers as any other, and the app’s own statements as the app has taught it',
  async (name) => {
    const handle = (HANDLES[name] as () => PostgresHandle)()
    const adapter = track(new PostgresAdapter(handle, { schema: newSchema(), durability: 'process', newsUrl: false }))
    const day = 86_400_000
    await adapter.cache.set('k', { n: 1.5 }, day)
    expect(await adapter.cache.get('k')).toEqual({ n: 1.5 })
    expect(await Promise.all([1, 2, 3].map(() => adapter.recordFailure('api', 3)))).toEqual([1, 2, 3])
    expect(await adapter.getState('api')).toMatchObject({ state: 'open', failureCount: 3 })
    await adapter.idempotency.set('paid', { id: 7 }, day)
    expect((await adapter.idempotency.get('paid'))?.expiresAt).toBeGreaterThan(Date.now())
    const point = {
      id: 'c',
      taskId: 't',
      sequence: 4,
      timestamp: 1e12,
      progress: 12.5,
      data: [1],
      estimatedTimeRemaining: 3,
    }
    await adapter.checkpoint.save(point)
    expect(await adapter.checkpoint.loadLatest('t')).toEqual(point)
    const lock = await adapter.acquire('job', 60_000)
    if (lock === null) throw new Error('the lock is free')
    expect(lock.token).toBeGreaterThan(0)
    const own = 'SELECT 1::int8 AS an_int'
    const asked =
      'query' in handle ? (await (handle as pg.Pool).query(own)).rows : await (handle as postgres.Sql).unsafe(own)
    expect(await adapter.fenced(lock, [{ sql: own }])).toEqual([[...asked]])
    expect(await adapter.verify()).toMatchObject({ faults: [], complete: true })
    expect(await adapter.stats()).toMatchObject({ circuits: 1, checkpoints: 1, idempotency: 1, timeline: 1 })
  },
)

test('an sql of postgres that changes whole rows is refused', () => {
  const sql = postgres(serverUrl(), { transform: { row: { from: (row: unknown) => row } } })
  expect(() => new PostgresAdapter(sql)).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('transform.row') }),
  )
})

test('a PGlite uses our parsers for our statements only, not for the app’s', async () => {
  const given: unknown[] = []
  const instance = {
    waitReady: Promise.resolve(),
    query: async (_sql: string, _parameters?: unknown[], options?: { parsers: Record<number, unknown> }) => {
      given.push(options && Object.keys(options.parsers))
      return { rows: [] }
    },
    transaction: async () => undefined,
    close: async () => undefined,
  }
  const wire = await pglite(instance).connect()
  await wire.run('SELECT 1', [], undefined)
  await wire.query('SELECT 1', [])
  expect(given).toEqual([expect.arrayContaining(['17', '20', '23', '25', '701']), undefined])
})
