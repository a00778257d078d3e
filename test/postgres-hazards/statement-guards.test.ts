import type { PostgresAdapter } from '@go-go-scope/persistence-postgres'
import { beforeEach, expect, test } from 'vitest'
import { postgresDialect } from '../../packages/persistence-postgres/src/postgres-dialect.js'
import { proveCell } from '../postgres/cell.js'
import { admin, disconnectAfterEach, newSchema, opens } from './server-adapters.js'

disconnectAfterEach()

proveCell()

const LEASE_MS = 60_000

let schema: string
let adapter: PostgresAdapter
let dialect: ReturnType<typeof postgresDialect>

beforeEach(async () => {
  schema = newSchema()
  adapter = await opens(schema)
  dialect = postgresDialect(schema, 'process')
})

async function rowOf(table: string): Promise<Record<string, unknown>> {
  return (await admin.query(`SELECT * FROM "${schema}".${table}`)).rows[0] ?? {}
}

/** Runs a statement as a server does that gets it late, after the client has sent it again. @returns the number of its rows. */
async function late(statement: { sql: string } | undefined, ...parameters: unknown[]): Promise<number> {
  if (statement === undefined) throw new Error('there is no such statement')
  return (await admin.query(statement.sql, parameters)).rows.length
}

test.each(['complete', 'keep'] as const)(
  'a grant that comes late leaves what its claim has recorded: %s',
  async (way) => {
    const { grant, complete, keep } = dialect.claims
    const grantLate = () => late(grant, 'k', 'owner', null, LEASE_MS, null, '{0}')
    expect([await grantLate(), await grantLate()], 'an answer that was lost is given again').toEqual([1, 1])
    const { generation } = await rowOf('idempotency')
    expect(await late({ complete, keep }[way], 'k', 'owner', generation, '"done"', null, '{0}')).toBe(1)
    const recorded = await rowOf('idempotency')
    expect(await grantLate()).toBe(0)
    expect(await rowOf('idempotency')).toEqual(recorded)
  },
)

test('a grant that is sent again after the server’s clock was set back ends no earlier', async () => {
  const { grant } = dialect.claims
  const grantAt = (now: number) => late(grant, 'k', 'owner', null, LEASE_MS, null, `{0,${now}}`)
  expect(await grantAt(2_000_000)).toBe(1)
  const { granted_at, claimed_until } = await rowOf('idempotency')
  expect(await grantAt(1_999_000)).toBe(1)
  expect(await rowOf('idempotency')).toMatchObject({ granted_at, claimed_until })
})

test.each(['complete', 'keep'] as const)('a report that is sent again finds its own record only: %s', async (way) => {
  const { grant, complete, keep } = dialect.claims
  await late(grant, 'k', 'owner', null, LEASE_MS, null, '{0}')
  const { generation } = await rowOf('idempotency')
  const afterLoss = { complete, keep }[way]?.afterLoss
  const again = (value: string) => late(afterLoss, 'k', 'owner', generation, value, null, '{0}')
  expect(await again('"first"')).toBe(1)
  expect(await again('"first"')).toBe(1)
  expect(await again('"second"')).toBe(0)
})

test('an owner that acquires its lock again for a shorter time keeps the longer one', async () => {
  await adapter.acquire('job', LEASE_MS, 'me')
  const { expires_at: end } = await rowOf('locks')
  await adapter.acquire('job', 1_000, 'me')
  expect(await rowOf('locks')).toMatchObject({ expires_at: end, holds: 2 })
})

test('a name of one generated hold, under which the app acquires more after it was released, counts those', async () => {
  const handle = await adapter.acquire('job', LEASE_MS)
  const acquireAgain = () => adapter.acquire('job', LEASE_MS, handle?.owner)
  const more = [await acquireAgain()]
  expect(await handle?.release()).toBe(true)
  more.push(await acquireAgain())
  const other = await opens(schema)
  for (const one of more) {
    expect(await other.acquire('job', LEASE_MS)).toBeNull()
    expect(await one?.release()).toBe(true)
  }
  expect(await other.acquire('job', LEASE_MS)).not.toBeNull()
})

test('a sweep waits for no row that another transaction has locked', async () => {
  await admin.query(`INSERT INTO "${schema}".cache (key, value, expires_at) VALUES ('one', '1', 1), ('two', '1', 1);
    INSERT INTO "${schema}".locks (key, owner, token, holds, expires_at, marked_at, sweep_at)
    SELECT key, 'me', 1, 1, 20, 1, 1 FROM "${schema}".cache`)
  const [writer, sweeper] = [await admin.connect(), await admin.connect()]
  try {
    for (const table of ['cache', 'locks']) {
      await writer.query('BEGIN')
      await writer.query(`SELECT 1 FROM "${schema}".${table} WHERE key = 'one' FOR UPDATE`)
    }
    await sweeper.query("SET lock_timeout = '10ms'")
    expect((await sweeper.query(dialect.cache(undefined).sql.sweep.sql, [10, 10])).rows.length).toBe(1)
    await sweeper.query(dialect.locks.sweep.sql, [10, '{0,10}'])
  } finally {
    writer.release(true)
    sweeper.release(true)
  }
  const { rows } = await admin.query(`SELECT sweep_at FROM "${schema}".locks ORDER BY key`)
  expect(rows, 'the due time of the other one was moved').toEqual([{ sweep_at: 1 }, { sweep_at: 20 }])
})

test('fenced is refused by a server that has become read-only, although its statements only read', async () => {
  const lock = await adapter.acquire('job', LEASE_MS)
  if (lock === null) throw new Error('the lock is free')
  const client = await admin.connect()
  try {
    await client.query('BEGIN READ ONLY')
    const { key, owner, token } = await rowOf('locks')
    const fence = client.query(dialect.locks.fence?.sql ?? '', [key, owner, token, '{0}'])
    await expect(fence).rejects.toMatchObject({ code: '25006' })
  } finally {
    client.release(true)
  }
})

test('a success of an isolated circuit begins no new period', async () => {
  await adapter.circuitBreaker.isolate('api')
  const { generation, opened_at } = await rowOf('circuit')
  await adapter.circuitBreaker.recordSuccess('api')
  expect(await rowOf('circuit')).toMatchObject({ state: 'open', isolated: 1, generation, opened_at })
})

test('a caller that read a circuit before it was isolated begins no probe', async () => {
  await adapter.circuitBreaker.isolate('api')
  const { key } = await rowOf('circuit')
  expect(await late(dialect.probes.admitProbe, key, 'probe', LEASE_MS, 1, 0, null)).toBe(0)
  expect(await rowOf('circuit')).toMatchObject({ state: 'open', probes: [] })
})

test('results that are deleted together leave the claims on their keys', async () => {
  const claim = await adapter.idempotency.claim('claimed', { lease: LEASE_MS })
  if (claim.state !== 'claimed') throw new Error('the key is free')
  await Promise.all(['claimed', 'other'].map((key) => adapter.idempotency.delete(key)))
  expect(await claim.complete('done')).toEqual({ recorded: true })
})

test('of checkpoints with equal sequences the last one that was saved is the latest, alone and in a batch', async () => {
  const checkpoint = (id: string, taskId: string) => ({ id, taskId, sequence: 1, timestamp: 1, progress: 0, data: id })
  const store = adapter.checkpoint
  for (const id of ['b', 'c', 'a']) await store.save(checkpoint(id, 'alone'))
  await Promise.all(['e', 'f', 'd'].map((id) => store.save(checkpoint(id, 'batch'))))
  const ids = async (taskId: string) => (await store.list(taskId)).map(({ id }) => id)
  expect([await ids('alone'), await ids('batch')]).toEqual([
    ['b', 'c', 'a'],
    ['e', 'f', 'd'],
  ])
  const latest = [store.loadLatest('alone'), store.loadLatest('batch')]
  expect((await Promise.all(latest)).map((found) => found?.id)).toEqual(['a', 'd'])
  await store.cleanup('alone', 1)
  expect(await ids('alone')).toEqual(['a'])
})
