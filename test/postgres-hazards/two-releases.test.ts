import { type OperationQueue, PersistenceError } from '@go-go-scope/persistence-core/dialect'
import { afterEach, expect, test } from 'vitest'
import { connectionTo } from '../../packages/persistence-postgres/src/copy/open-store.js'
import { creatingCacheTable, migrating } from '../../packages/persistence-postgres/src/schema/migrate.js'
import { MIGRATIONS, type Migration } from '../../packages/persistence-postgres/src/schema/migrations.js'
import { proveCell } from '../postgres/cell.js'
import { serverUrl } from '../postgres/server/places.mjs'
import { admin, disconnectAfterEach, newSchema, opens } from './server-adapters.js'

disconnectAfterEach()

proveCell()

const NEXT: Migration = {
  version: MIGRATIONS.length + 1,
  title: 'a column more in each table',
  steps: (schema) =>
    ['cache', 'locks', 'idempotency', 'circuit', 'checkpoints'].map(
      (table) => `ALTER TABLE ${schema}.${table} ADD COLUMN of_next text`,
    ),
}
const NEXT_RELEASE = [...MIGRATIONS, NEXT]

const open: { close(): Promise<void> }[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map((connection) => connection.close()))
})

async function queueOf(schema: string): Promise<OperationQueue> {
  const connection = await connectionTo(serverUrl(), schema, false)
  open.push(connection)
  await connection.open()
  return connection.queue
}

async function versionOf(schema: string): Promise<string> {
  const { rows } = await admin.query(`SELECT value FROM "${schema}".meta WHERE key = 'schema_version'`)
  return rows[0].value
}

test('a release that finds an empty schema migrated by an earlier one continues from there', async () => {
  const schema = newSchema()
  const queue = await queueOf(schema)
  // Between the second process's check and its change.
  const second: Pick<OperationQueue, 'query' | 'atomic'> = {
    query: (...call) => queue.query(...call),
    async atomic(...call) {
      await opens(schema)
      return queue.atomic(...call)
    },
  }
  await migrating(schema, NEXT_RELEASE)(second as OperationQueue, true)
  expect(await versionOf(schema)).toBe(String(NEXT.version))
})

test('a cache table that is not created is reported by its first error, also when the connection ends after that', async () => {
  const first = new PersistenceError('DISK_FULL', 'connect', 'connect: the server has no space left')
  const later = new PersistenceError('UNAVAILABLE', 'connect', 'connect: no connection')
  let failed = false
  const queue: Pick<OperationQueue, 'query' | 'atomic'> = {
    query: async () => (failed ? Promise.reject(later) : []),
    atomic() {
      failed = true
      return Promise.reject(first)
    },
  }
  await expect(creatingCacheTable(newSchema(), 'pages')(queue as OperationQueue, true)).rejects.toBe(first)
})

test('two releases that start together on an empty schema leave the tables of the later one', async () => {
  const schema = newSchema()
  const queues = await Promise.all([1, 2, 3, 4].map(() => queueOf(schema)))
  const later = Promise.all(queues.map((queue) => migrating(schema, NEXT_RELEASE)(queue, true)))
  const earlier = await Promise.allSettled([1, 2, 3, 4].map(() => opens(schema)))
  await later
  expect(await versionOf(schema)).toBe(String(NEXT.version))
  for (const one of earlier) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'SCHEMA_NEWER' })
})

test.each(['pg', 'postgres'] as const)(
  'adapters that are open while the next release migrates go on, by %s, and new ones are refused',
  async (driver) => {
    const schema = newSchema()
    const adapter = await opens(schema, { driver })
    const use = async (round: number): Promise<unknown[]> => {
      const lock = await adapter.acquire('job', 60_000)
      await adapter.cache.set('k', round)
      const results = await adapter.idempotency.claim(`order ${round}`, { lease: 60_000 })
      if (results.state === 'claimed') await results.complete(round)
      await adapter.checkpoint.save({
        id: `c${round}`,
        taskId: 't',
        sequence: round,
        timestamp: 1,
        progress: 0,
        data: round,
      })
      const latest = await adapter.checkpoint.loadLatest('t')
      return [await lock?.release(), await adapter.cache.get('k'), latest?.data, await adapter.recordFailure('api', 9)]
    }
    expect(await use(1)).toEqual([true, 1, 1, 1])
    const going = use(2)
    await migrating(schema, NEXT_RELEASE)(await queueOf(schema), true)
    expect(await going).toEqual([true, 2, 2, 2])
    expect(await use(3)).toEqual([true, 3, 3, 3])
    await expect(opens(schema, { driver })).rejects.toMatchObject({ code: 'SCHEMA_NEWER' })
  },
)
