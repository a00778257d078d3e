import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '@go-go-scope/persistence-conformance'
import { SqliteAdapter } from '@go-go-scope/persistence-core'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterEach, describe, expect, test } from 'vitest'
import { databaseSyncDriver } from './database-sync-driver.js'
import { settled } from './settled.js'

/** The number of calls of one statement that run at once before the following calls are batched. */
const AT_ONCE = 16

/** Makes an adapter in memory on a clock that stands still, so no turn is long, and records the statements on its tables. */
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

const folders: string[] = []

async function countedOnFile() {
  const folder = mkdtempSync(join(tmpdir(), 'together-'))
  folders.push(folder)
  return counted(undefined, new DatabaseSync(join(folder, 'a.db')))
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

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

  test('calls of concurrent loops go as one statement', async () => {
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

test('a call made after gathered ones runs after them, and all settle in the order of the calls', async () => {
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

test('a failing statement of many calls is split: only the call that fails alone is refused', async () => {
  const { adapter } = await counted((sql) => {
    if (sql.startsWith('SELECT') && sql.includes('json_each')) throw new Error('of the engine')
  })
  await adapter.cache.set('k', 1)
  expect(new Set(await manyOf(100, () => adapter.cache.get('k')))).toEqual(new Set([1]))
  await adapter.disconnect()
})

const beginnings = (statements: string[]): string[] => statements.map((sql) => sql.slice(0, 6))

describe.each<[string, (adapter: SqliteAdapter, key: string) => Promise<unknown>]>([
  ['cache.set', ({ cache }, key) => cache.set(key, 1)],
  ['idempotency.set', ({ idempotency }, key) => idempotency.set(key, 1)],
  [
    'checkpoint.save',
    ({ checkpoint }, id) => checkpoint.save({ id, taskId: 't', sequence: 1, timestamp: 1, progress: 0, data: 1 }),
  ],
])('%s in memory', (_name, call) => {
  test('writes with a value go sixteen in a statement, and the rest one by one, in one transaction', async () => {
    const { adapter, sent } = await counted()
    await manyOf(100, (index) => call(adapter, `k${index}`))
    const statements = sent()
    expect(beginnings(statements)).toEqual([
      ...Array(AT_ONCE).fill('INSERT'),
      'BEGIN ',
      ...Array(5 + 4).fill('INSERT'),
      'COMMIT',
    ])
    const bound = statements.filter((sql) => sql.includes('?), (?'))
    expect(bound.length).toBe(5)
    await adapter.disconnect()
  })
})

test('on a file, values that are loaded together go sixteen in a statement too', async () => {
  const { adapter, sent } = await countedOnFile()
  await manyOf(32, (index) => adapter.cache.getOrSet(`k${index}`, () => 1))
  expect(sent().filter((sql) => sql.startsWith('INSERT') && sql.endsWith('<= ?')).length).toBe(2)
  expect((await adapter.cache.keys()).length).toBe(32)
  await adapter.disconnect()
})

describe('failures of few circuits in memory', () => {
  const together = (adapter: SqliteAdapter, threshold: number): Promise<number[]> =>
    manyOf(100, (index) => adapter.circuitBreaker.recordFailure(`k${index % 7}`, threshold))
  /** The statements of the hundred calls that were batched: the first calls run one by one. */
  const gathered = (statements: string[]): string[] =>
    beginnings(statements.slice(AT_ONCE)).filter((beginning) => beginning !== 'SELECT')

  test('change each circuit once', async () => {
    const { adapter, sent } = await counted()
    const counts = await together(adapter, 1_000)
    expect(counts).toEqual(Array.from({ length: 100 }, (_, index) => Math.floor(index / 7) + 1))
    expect(gathered(sent())).toEqual(['BEGIN ', 'INSERT', 'COMMIT'])
    await adapter.disconnect()
  })

  test('of which one opens the circuit change it one by one, in the same transaction', async () => {
    const { adapter, sent } = await counted()
    const states: string[] = []
    adapter.circuitBreaker.subscribe('k0', ({ state, failureCount }) => states.push(`${state} ${failureCount}`))
    await together(adapter, 10)
    expect(gathered(sent())).toEqual(['BEGIN ', 'INSERT', 'INSERT', 'COMMIT'])
    expect(states.slice(8, 10)).toEqual(['closed 9', 'open 10'])
    await adapter.disconnect()
  })

  test('leave nothing when the database fails in the middle, and are counted once', async () => {
    let failures = 1
    const { adapter, sent } = await counted((sql) => {
      // The statement after the one that counts the failures.
      if (sql.includes('SELECT value, CASE') && failures-- > 0) throw new Error('of the engine')
    })
    // The failures of this circuit are counted together, before the failing statement.
    await adapter.circuitBreaker.setState('k0', { state: 'open', failureCount: 0 })
    await settled()
    sent()
    expect(await together(adapter, 10)).toEqual(Array.from({ length: 100 }, (_, index) => Math.floor(index / 7) + 1))
    expect(sent().filter((sql) => sql.startsWith('INSERT')).length).toBe(AT_ONCE + 2 + 84)
    expect((await adapter.circuitBreaker.getState('k0'))?.failureCount).toBe(15)
    await adapter.disconnect()
  })
})

test('on a file, the changes of one turn go as one statement too', async () => {
  const { adapter, sent } = await countedOnFile()
  await manyOf(100, (index) => adapter.circuitBreaker.recordFailure(`k${index % 7}`, 1_000))
  expect(beginnings(sent())).toEqual(['BEGIN ', 'INSERT', 'COMMIT'])
  expect((await adapter.circuitBreaker.getState('k0'))?.failureCount).toBe(15)
  await adapter.disconnect()
})
