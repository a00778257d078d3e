import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '@go-go-scope/persistence-conformance'
import { SqliteAdapter } from '@go-go-scope/persistence-core'
import { DatabaseSync } from '@photostructure/sqlite'
import { describe, expect, test } from 'vitest'
import { databaseSyncDriver } from './database-sync-driver.js'
import { settled } from './settled.js'

/** Calls of one statement that run at once before the next ones are gathered. */
const AT_ONCE = 16

/** An adapter in memory on a clock that stands still, so that no turn is long, and the statements on its tables that reached the engine since they were last asked for. */
async function counted(before: (sql: string) => void = () => undefined, handle = new DatabaseSync(':memory:')) {
  const statements: string[] = []
  const driver = databaseSyncDriver(handle, (sql) => {
    if (!/go_goscope_|^BEGIN|^COMMIT/.test(sql)) return undefined
    statements.push(sql)
    before(sql)
    return undefined
  })
  const adapter = new SqliteAdapter(handle, () => driver, { clock: new ManualClock() })
  await adapter.connect()
  await settled()
  const sent = (): string[] => statements.splice(0)
  sent()
  return { adapter, sent }
}

const manyOf = <Result>(count: number, call: (index: number) => Promise<Result>): Promise<Result[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => call(index)))

describe.each<[string, (adapter: SqliteAdapter, key: string) => Promise<unknown>]>([
  ['cache.get', ({ cache }, key) => cache.get(key)],
  ['cache.has', ({ cache }, key) => cache.has(key)],
  ['cache.delete', ({ cache }, key) => cache.delete(key)],
  ['idempotency.get', ({ idempotency }, key) => idempotency.get(key)],
  ['getState', ({ circuitBreaker }, key) => circuitBreaker.getState(key)],
  ['recordFailure', ({ circuitBreaker }, key) => circuitBreaker.recordFailure(key, 5)],
])('%s in memory', (_name, call) => {
  test('calls made together go as one statement', async () => {
    const { adapter, sent } = await counted()
    await manyOf(100, (index) => call(adapter, `k${index}`))
    expect(sent().length, 'the first ones one by one, the rest in one').toBe(AT_ONCE + 1)
    for (let round = 0; round < 3; round++) {
      await settled()
      sent()
      await manyOf(100, (index) => call(adapter, `k${index}`))
      expect(sent().length, 'where the last ones were gathered: one at once, the rest in one').toBe(2)
    }
    await adapter.disconnect()
  })

  test('calls of loops that run at the same time do too', async () => {
    const { adapter, sent } = await counted()
    await manyOf(100, async (loop) => {
      for (let round = 0; round < 20; round++) await call(adapter, `k${loop}`)
    })
    expect(sent().length).toBeLessThan(200)
    await adapter.disconnect()
  })

  test('a lone call runs within its call, also after many that were made together', async () => {
    const { adapter, sent } = await counted()
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < 100; index++) {
        const called = call(adapter, `k${index}`)
        expect(sent().length).toBe(1)
        await called
      }
      await manyOf(100, (index) => call(adapter, `k${index}`))
      sent()
    }
    await adapter.disconnect()
  })
})

test('few calls and calls of different statements run within their calls', async () => {
  const { adapter, sent } = await counted()
  const { cache } = adapter
  for (const [count, call] of [
    [AT_ONCE, (index: number) => cache.get(`k${index}`)],
    [100, (index: number) => (index % 2 === 0 ? cache.get(`k${index}`) : cache.has(`k${index}`))],
    [AT_ONCE, (index: number) => cache.set(`k${index}`, index)],
  ] as const) {
    const calls = manyOf<unknown>(count, call)
    expect(sent().length).toBe(count)
    await calls
    await settled()
  }
  await adapter.disconnect()
})

test('a call made behind gathered ones runs after them, and all settle in the order of the calls', async () => {
  const { adapter } = await counted()
  const { cache } = adapter
  await cache.set('k', 'old')
  await settled()
  const order: number[] = []
  const reads = manyOf(100, (index) => cache.get('k').finally(() => order.push(index)))
  const written = cache.set('k', 'new').finally(() => order.push(100))
  const after = cache.get('k').finally(() => order.push(101))
  expect(new Set(await reads)).toEqual(new Set(['old']))
  await written
  expect(await after).toBe('new')
  expect(order).toEqual(Array.from({ length: 102 }, (_, index) => index))
  await adapter.disconnect()
})

test('a statement of many calls that fails is taken apart: only the call that fails alone is refused', async () => {
  const { adapter } = await counted((sql) => {
    if (sql.startsWith('SELECT') && sql.includes('json_each')) throw new Error('of the engine')
  })
  await adapter.cache.set('k', 1)
  expect(new Set(await manyOf(100, () => adapter.cache.get('k')))).toEqual(new Set([1]))
  await adapter.disconnect()
})

test('writes with a value share a commit instead, also in memory', async () => {
  const { adapter, sent } = await counted()
  await manyOf(100, (index) => adapter.cache.set(`k${index}`, index))
  const statements = sent()
  expect(statements.filter((sql) => sql.startsWith('INSERT')).length).toBe(100)
  expect(statements.slice(AT_ONCE).map((sql) => sql.slice(0, 6))).toEqual([
    'BEGIN ',
    ...Array(84).fill('INSERT'),
    'COMMIT',
  ])
  await adapter.disconnect()
})

test('on a file, the changes of one turn go as one statement too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'together-'))
  const handle = new DatabaseSync(join(folder, 'a.db'))
  const { adapter, sent } = await counted(undefined, handle)
  await manyOf(100, (index) => adapter.circuitBreaker.recordFailure(`k${index % 7}`, 5))
  expect(sent().length).toBe(1)
  expect((await adapter.circuitBreaker.getState('k0'))?.failureCount).toBe(15)
  await adapter.disconnect()
  rmSync(folder, { recursive: true, force: true })
})
