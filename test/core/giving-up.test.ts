import { ManualClock } from '@go-go-scope/persistence-conformance'
import { type SqlDriver, SqliteAdapter } from '@go-go-scope/persistence-core'
import { DatabaseSync } from '@photostructure/sqlite'
import { describe, expect, test } from 'vitest'
import { databaseSyncDriver } from './database-sync-driver.js'
import { inAnotherThread } from './in-another-thread.js'
import { advance, settled } from './settled.js'

const PATIENCE = 1_000

const engineError = (errcode: number): Error => Object.assign(new Error('of the engine'), { errcode })
/** The error of an attempt on the database, if any. */
interface Meet {
  write: () => void
}

const nothing = (): void => undefined
const busy = (): never => {
  throw engineError(5)
}

describe.each([
  ['an engine that answers within the call', (driver: ReturnType<typeof databaseSyncDriver>): SqlDriver => driver],
  [
    'an engine with a thread of its own',
    (driver: ReturnType<typeof databaseSyncDriver>): SqlDriver => inAnotherThread(driver),
  ],
])('%s, on a database that stays busy', (_title, engineOf) => {
  /** Makes an adapter whose statements are passed to `meet`, which may throw. */
  async function adapterThat(meet: Meet) {
    const clock = new ManualClock()
    const handle = new DatabaseSync(':memory:')
    let tries = 0
    const driver = databaseSyncDriver(handle, (sql) => {
      if (!/^(BEGIN|INSERT INTO "go_goscope_cache")/.test(sql)) return undefined
      tries++
      meet.write()
      return undefined
    })
    const adapter = new SqliteAdapter(handle, () => engineOf(driver), { clock, busyTimeout: PATIENCE })
    await adapter.connect()
    const given: string[] = []
    const call = (key: string) =>
      adapter.cache.set(key, 1).then(
        () => given.push(`${key} stored`),
        ({ message }: Error) => given.push(`${key} ${/^cache.set: gave up after \d+ ms/.exec(message)?.[0]}`),
      )
    return {
      clock,
      given,
      call,
      tries: () => tries,
      /** Runs turns of the event loop without moving the clock until this many calls have settled. */
      async until(count: number) {
        for (let turn = 0; given.length < count && turn < 1_000; turn++) await settled()
        expect(given.length).toBe(count)
      },
    }
  }

  test('all calls that have waited for busyTimeout are refused at one try, in their order', async () => {
    const meet: Meet = { write: nothing }
    const { clock, given, call, tries } = await adapterThat(meet)
    meet.write = busy
    const keys = Array.from({ length: 20_000 }, (_, index) => `k${index}`)
    for (const key of keys) void call(key)
    await settled()
    const before = tries()
    clock.pass(PATIENCE)
    clock.advance(0)
    let [most, seen] = [0, 0]
    while (given.length < keys.length) {
      await new Promise((resolve) => setImmediate(resolve))
      most = Math.max(most, given.length - seen)
      seen = given.length
    }
    expect(most, 'not all in one turn of the event loop').toBeLessThan(0.75 * keys.length)
    expect(tries() - before, 'tries').toBe(1)
    expect(given).toEqual(keys.map((key) => `${key} cache.set: gave up after ${PATIENCE} ms`))
  })

  test('calls that may wait longer do, and succeed when the database is free', async () => {
    const meet: Meet = { write: nothing }
    const { clock, given, call, until } = await adapterThat(meet)
    meet.write = busy
    for (const key of ['a', 'b']) void call(key)
    await advance(clock, PATIENCE / 2)
    for (const key of ['c', 'd']) void call(key)
    await advance(clock, PATIENCE / 2)
    await until(2)
    await advance(clock, PATIENCE / 2 - 1)
    expect(given.length).toBe(2)
    meet.write = nothing
    await advance(clock, 50)
    await until(4)
    expect(given.map((text) => text.slice(0, 8))).toEqual(['a cache.', 'b cache.', 'c stored', 'd stored'])
  })

  test('calls that are tried one by one after a failure give up together as well', async () => {
    const meet: Meet = { write: nothing }
    const { clock, call, tries, until } = await adapterThat(meet)
    meet.write = () => {
      // The batch fails once. The database is busy when its calls are retried one by one.
      meet.write = busy
      throw engineError(10)
    }
    for (let index = 0; index < 900; index++) void call(`k${index}`)
    await settled()
    const before = tries()
    await advance(clock, PATIENCE)
    await until(900)
    expect(tries() - before, 'tries').toBeLessThanOrEqual(2)
  })
})

test('a call that may wait without end says how long it has waited', async () => {
  const clock = new ManualClock()
  const handle = new DatabaseSync(':memory:')
  let isBusy = false
  const driver = databaseSyncDriver(handle, (sql) => (isBusy && sql.startsWith('INSERT') ? busy() : undefined))
  const waits: number[] = []
  const adapter = new SqliteAdapter(handle, () => driver, {
    clock,
    busyTimeout: Number.POSITIVE_INFINITY,
    onDiagnostic: (event) => event.type === 'busy-retry' && waits.push(event.waited),
  })
  await adapter.connect()
  isBusy = true
  const written = adapter.cache.set('k', 1)
  for (let passed = 0; passed < 1_000; passed += 50) await advance(clock, 50)
  isBusy = false
  await advance(clock, 50)
  await written
  expect(Math.round(waits.at(-1) ?? 0)).toBeGreaterThan(900)
  await adapter.disconnect()
})
