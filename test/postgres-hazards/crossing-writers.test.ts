import { expect, test } from 'vitest'
import { proveCell } from '../postgres/cell.js'
import { admin, disconnectAfterEach, eventually, newSchema, opens } from './server-adapters.js'

disconnectAfterEach()

proveCell()

test('writers of the same keys in opposite orders do not deadlock', async () => {
  const schema = newSchema()
  const adapters = await Promise.all([1, 2, 3, 4].map(() => opens(schema)))
  const deadlocks = async (): Promise<number> => {
    const { rows } = await admin.query('SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()')
    return rows[0].deadlocks
  }
  const before = await deadlocks()
  const keys = Array.from({ length: 40 }, (_, index) => `k${index}`)
  const work = async (turned: boolean, at: number): Promise<void> => {
    const adapter = adapters[at]
    if (adapter === undefined) throw new Error('there are four')
    const order = turned ? keys.toReversed() : keys
    for (let round = 0; round < 8; round++) {
      const held = await Promise.all(order.map((key) => adapter.acquire(key, 60_000)))
      await Promise.all(order.map((key) => adapter.cache.set(key, round)))
      await Promise.all(order.map((key) => adapter.idempotency.set(key, round)))
      await Promise.all(order.map((key) => adapter.recordFailure(key, 1_000)))
      await Promise.all(order.map((key) => adapter.circuitBreaker.recordSuccess(key)))
      await Promise.all(held.map((lock) => lock?.release()))
      await Promise.all(order.map((key) => adapter.cache.delete(key)))
    }
  }
  await Promise.all([work(false, 0), work(true, 1), work(false, 2), work(true, 3)])
  expect(await deadlocks()).toBe(before)
})

test('failures counted by many connections are counted exactly, each with a number of its own', async () => {
  const schema = newSchema()
  const adapters = await Promise.all(Array.from({ length: 8 }, () => opens(schema)))
  const counts = await Promise.all(
    adapters.flatMap((adapter) => Array.from({ length: 40 }, () => adapter.recordFailure('api', 1_000))),
  )
  expect(counts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 320 }, (_, index) => index + 1))
})

test('one of many claimants runs each key, and the others get its result', async () => {
  const schema = newSchema()
  const adapters = await Promise.all(Array.from({ length: 6 }, () => opens(schema)))
  const runs = new Map<string, number>()
  const run = async (at: number, key: string): Promise<unknown> => {
    const claim = await adapters[at]?.idempotency.claim<number>(key, { lease: 60_000, wait: 20_000 })
    if (claim?.state === 'completed') return claim.value
    if (claim?.state !== 'claimed') throw new Error(`${key} is ${claim?.state}`)
    runs.set(key, (runs.get(key) ?? 0) + 1)
    await claim.complete(at)
    return at
  }
  const keys = Array.from({ length: 150 }, (_, index) => `job-${index}`)
  const answers = await Promise.all(keys.map((key) => Promise.all(adapters.map((_, at) => run(at, key)))))
  for (const values of answers) expect(new Set(values).size).toBe(1)
  expect([...runs.values()]).toEqual(Array.from({ length: 150 }, () => 1))
})

test('pruning that has to wait delays no other call', async () => {
  const schema = newSchema()
  const adapter = await opens(schema)
  await adapter.cache.set('k', 1)
  await adapter.cache.set('old', 1, 1)
  const client = await admin.connect()
  try {
    await client.query(`BEGIN; LOCK TABLE "${schema}".cache IN SHARE MODE`)
    const pruning = adapter.prune()
    await eventually(async () => {
      const { rows } = await admin.query(
        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE $1",
        [`DELETE FROM "${schema}".cache%`],
      )
      return rows.length > 0 ? true : undefined
    })
    expect(await adapter.cache.get('k')).toBe(1)
    await client.query('COMMIT')
    expect(await pruning).toEqual({ cache: 1, idempotency: 0 })
  } finally {
    client.release(true)
  }
})
