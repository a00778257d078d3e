import { ManualClock } from '@go-go-scope/persistence-conformance'
import { SqliteAdapter } from '@go-go-scope/persistence-core'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterEach, expect, test } from 'vitest'
import { databaseSyncDriver } from './database-sync-driver.js'

/** The longest that calls may take in a turn of the event loop. */
const LONGEST_TURN_MS = 10

/** Enough calls for several turns of the event loop if each reads the time. */
const CALLS = 3_000

const open: SqliteAdapter[] = []

afterEach(async () => {
  for (const adapter of open.splice(0)) await adapter.disconnect()
})

interface TwoOnOneHandle {
  first: SqliteAdapter
  second: SqliteAdapter
  /** Makes the following calls wait for the next turn. */
  useUpTurn: () => Promise<unknown>
  /** Lets ms pass without firing a timer, as when the event loop is blocked. */
  pass: (ms: number) => void
  /** Makes each read of the time throw, until the returned function is called. */
  breakClock: () => () => void
}

/** Makes two adapters on one handle at the beginning of a turn. Each read of the time takes a while. */
async function twoOnOneHandle(): Promise<TwoOnOneHandle> {
  const clock = new ManualClock()
  let broken = false
  const monotonic = (): number => {
    if (broken) throw new Error('no time')
    clock.pass(0.05)
    return clock.monotonic()
  }
  const options = { clock: { now: clock.now, monotonic, setTimer: clock.setTimer } }
  const handle = new DatabaseSync(':memory:')
  const connect = async (): Promise<SqliteAdapter> => {
    const adapter = new SqliteAdapter(handle, () => databaseSyncDriver(handle, () => undefined), options)
    open.push(adapter)
    await adapter.connect()
    return adapter
  }
  const [first, second] = [await connect(), await connect()]
  await new Promise((resolve) => setImmediate(resolve))
  const useUpTurn = async (): Promise<unknown> => {
    const begins = first.lock.acquire('begins the turn')
    clock.pass(2 * LONGEST_TURN_MS)
    return Promise.all([begins, first.lock.acquire('waits')])
  }
  const breakClock = (): (() => void) => {
    broken = true
    return () => {
      broken = false
    }
  }
  return { first, second, useUpTurn, pass: (ms) => clock.pass(ms), breakClock }
}

test('locks in memory go to the first call, through whichever adapter of the handle', async () => {
  const { first, second } = await twoOnOneHandle()
  const winners = await Promise.all(
    Array.from({ length: CALLS }, async (_, index) => {
      const [a, b] = index % 3 === 0 ? [first, second] : [second, first]
      const [won, lost] = await Promise.all([a.lock.acquire(`k${index}`), b.lock.acquire(`k${index}`)])
      return won !== null && lost === null
    }),
  )
  expect(winners.filter((first) => first)).toHaveLength(CALLS)
})

test('a release through one adapter comes before what is called after it through another', async () => {
  const { first, second } = await twoOnOneHandle()
  const handles = await Promise.all(Array.from({ length: CALLS }, (_, index) => first.lock.acquire(`k${index}`)))
  await new Promise((resolve) => setImmediate(resolve))
  const grants = await Promise.all(
    handles.map(async (handle, index) => {
      const waits = first.lock.acquire(`other ${index}`)
      const released = handle?.release()
      const grant = await second.lock.acquire(`k${index}`)
      await waits
      return (await released) === true && grant !== null
    }),
  )
  expect(grants.filter((granted) => granted)).toHaveLength(CALLS)
})

test('calls made by a listener at the loss of a lock run after the waiting calls', async () => {
  const { first, second, useUpTurn } = await twoOnOneHandle()
  const held = await first.lock.acquire('k')
  let fromListener: Promise<unknown> | undefined
  held?.signal.addEventListener('abort', () => {
    fromListener = first.lock.acquire('k')
  })
  await new Promise((resolve) => setImmediate(resolve))
  const usedUp = useUpTurn()
  const dropped = first.lock.forceRelease('k')
  const waiting = second.lock.acquire('k')
  expect(held?.signal.aborted).toBe(false)
  await Promise.all([usedUp, dropped])
  expect(await waiting).not.toBeNull()
  expect(await fromListener).toBeNull()
})

test('calls that wait for the next turn come before the end of their adapter', async () => {
  const { first, second, useUpTurn } = await twoOnOneHandle()
  const held = await first.lock.acquire('held')
  await new Promise((resolve) => setImmediate(resolve))
  const usedUp = useUpTurn()
  const acquired = first.lock.acquire('k', 1_000, 'owner')
  const extended = first.lock.extend('k', 2_000, 'owner')
  const released = held?.release()
  await Promise.all([usedUp, first.disconnect()])
  expect(await acquired).not.toBeNull()
  expect(await extended).toBe(true)
  expect(await released).toBe(true)
  expect(await second.lock.acquire('k')).toBeNull()
  expect(await second.lock.acquire('held')).not.toBeNull()
})

test('calls made by a listener when its lock is granted again find the lock held', async () => {
  const { first, second, pass } = await twoOnOneHandle()
  const lost = await first.lock.acquire('k', 1_000, 'owner')
  const fromListener: Promise<unknown>[] = []
  lost?.signal.addEventListener('abort', () => {
    fromListener.push(first.lock.acquire('k'), second.lock.acquire('k'))
  })
  pass(1_000)
  const next = await second.lock.acquire('k')
  expect(lost?.signal.aborted).toBe(true)
  expect(await Promise.all(fromListener)).toEqual([null, null])
  expect(await next?.isValid()).toBe(true)
  expect(await next?.release()).toBe(true)
})

test('the signal of a lock that is read after its loss has the reason', async () => {
  const { first } = await twoOnOneHandle()
  const lock = await first.lock.acquire('k')
  await first.lock.forceRelease('k')
  expect(lock?.signal.reason).toMatchObject({ message: expect.stringContaining('was force-released') })
})

test('a clock that throws rejects a release, which may be repeated, and no lock call throws', async () => {
  const { first, second, breakClock } = await twoOnOneHandle()
  const lock = await first.acquire('k', 60_000)
  const repair = breakClock()
  await expect(lock?.release()).rejects.toThrow('no time')
  await expect(first.acquire('other', 60_000)).rejects.toThrow('no time')
  repair()
  expect(await lock?.release()).toBe(true)
  expect(await second.acquire('k', 60_000)).not.toBeNull()
})
