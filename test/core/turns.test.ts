import { ManualClock } from '@go-go-scope/persistence-conformance'
import { SqliteAdapter } from '@go-go-scope/persistence-core'
import { DatabaseSync } from '@photostructure/sqlite'
import { expect, test } from 'vitest'
import { databaseSyncDriver } from './database-sync-driver.js'

/** The longest that calls may take in a turn of the event loop. */
const LONGEST_TURN_MS = 10

const CALLS: readonly [string, (adapter: SqliteAdapter, index: number) => Promise<unknown>][] = [
  ['get', ({ cache }) => cache.get('k')],
  ['set', ({ cache }, index) => cache.set(`k${index % 7}`, index)],
  ['get and set', ({ cache }, index) => (index % 2 === 0 ? cache.get('k') : cache.set('k', index))],
  ['has', ({ cache }) => cache.has('k')],
  ['keys', ({ cache }) => cache.keys('k*')],
  ['pages of entries', ({ cache }) => cache.entries({ limit: 1 }).next()],
  ['getMany', ({ cache }) => cache.getMany(['k', 'l'])],
  ['getOrSet', ({ cache }) => cache.getOrSet('k', () => 1)],
  ['idempotency.get', ({ idempotency }) => idempotency.get('k')],
  ['getState', ({ circuitBreaker }) => circuitBreaker.getState('k')],
  ['recordFailure', ({ circuitBreaker }) => circuitBreaker.recordFailure('k', 5)],
  ['loadLatest', ({ checkpoint }) => checkpoint.loadLatest('k')],
]

/** ms per statement: all the same, or mostly short and some long, which is known only when they run. */
const PACES: readonly [string, (index: number) => number][] = [
  ['1 ms', () => 1],
  ['0.05 ms', () => 0.05],
  ['now and then 1 ms', (index) => (index % 5 === 0 ? 1 : 0.05)],
]

test.each(CALLS)('loops of awaited %s in memory yield to the event loop', async (_name, call) => {
  for (const [pace, duration] of PACES) {
    for (const loops of [1, 20]) {
      const clock = new ManualClock()
      const handle = new DatabaseSync(':memory:')
      let [statements, inTurn, longest] = [0, 0, 0]
      const driver = databaseSyncDriver(handle, (sql) => {
        if (!sql.includes('go_goscope_')) return undefined
        const ms = duration(statements++)
        clock.pass(ms)
        inTurn += ms
        longest = Math.max(longest, inTurn)
        return undefined
      })
      const adapter = new SqliteAdapter(handle, () => driver, { clock })
      await adapter.connect()
      await new Promise((resolve) => setImmediate(resolve))
      ;[inTurn, longest] = [0, 0]
      let turn = setImmediate(function next() {
        inTurn = 0
        turn = setImmediate(next)
      })
      let index = 0
      await Promise.all(
        Array.from({ length: loops }, async () => {
          while (index < 1_500) await call(adapter, index++)
        }),
      )
      clearImmediate(turn)
      expect(longest, `ms of statements in one turn: ${loops} loops, statements of ${pace}`).toBeLessThan(
        LONGEST_TURN_MS,
      )
      await adapter.disconnect()
    }
  }
})

test.each([1, 20])('%i loops of awaited locks in memory yield to the event loop', async (loops) => {
  const clock = new ManualClock()
  let [inTurn, longest] = [0, 0]
  // Each read of the time takes a while.
  const monotonic = (): number => {
    clock.pass(0.05)
    inTurn += 0.05
    longest = Math.max(longest, inTurn)
    return clock.monotonic()
  }
  const handle = new DatabaseSync(':memory:')
  const options = { clock: { now: clock.now, monotonic, setTimer: clock.setTimer } }
  const adapter = new SqliteAdapter(handle, () => databaseSyncDriver(handle, () => undefined), options)
  await adapter.connect()
  let turns = 0
  let turn = setImmediate(function next() {
    // The first turn after the loops begin is measured together with the rest of the current turn, so it is left out.
    if (++turns === 1) longest = 0
    inTurn = 0
    turn = setImmediate(next)
  })
  await Promise.all(
    Array.from({ length: loops }, async (_, loop) => {
      for (let round = 0; round < 1_000; round++) await (await adapter.lock.acquire(`k${loop}`))?.release()
    }),
  )
  clearImmediate(turn)
  expect(turns).toBeGreaterThan(10)
  expect(longest, 'ms in one turn').toBeLessThan(LONGEST_TURN_MS)
  await adapter.disconnect()
})

test('reads that wait for the next turn need no transaction, so they wait for no writer', async () => {
  const clock = new ManualClock()
  const handle = new DatabaseSync(':memory:')
  let busy = false
  const driver = databaseSyncDriver(handle, (sql) => {
    clock.pass(1)
    if (busy && sql.startsWith('BEGIN')) throw Object.assign(new Error('database is locked'), { errcode: 5 })
    return undefined
  })
  const adapter = new SqliteAdapter(handle, () => driver, { clock })
  await adapter.cache.set('k', 1)
  busy = true
  const reads = Array.from({ length: 100 }, () => adapter.cache.get('k'))
  expect(new Set(await Promise.all(reads))).toEqual(new Set([1]))
  busy = false
  await adapter.disconnect()
})
