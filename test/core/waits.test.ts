import { getEventListeners } from 'node:events'
import { ManualClock } from '@go-go-scope/persistence-conformance'
import { SqliteAdapter } from '@go-go-scope/persistence-core'
import { DatabaseSync } from '@photostructure/sqlite'
import { expect, test, vi } from 'vitest'
import type { Session } from '../../packages/shared/src/session/session.js'
import type { LockManager } from '../../packages/shared/src/stores/lock/lock-manager.js'
import { LockWaits } from '../../packages/shared/src/stores/lock/lock-wait.js'
import { LockWaiter } from '../../packages/shared/src/stores/lock/wait-queue.js'
import { databaseSyncDriver } from './database-sync-driver.js'
import { settled } from './settled.js'

const LONG = 60_000

/** @param before Called with each statement first. */
async function connected(locks: 'process' | 'database' = 'database', before: (sql: string) => void = () => undefined) {
  const clock = new ManualClock()
  const handle = new DatabaseSync(':memory:')
  const driver = databaseSyncDriver(handle, (sql) => void before(sql) as undefined)
  const adapter = new SqliteAdapter(handle, () => driver, { clock, locks })
  await adapter.connect()
  return { adapter, clock }
}

/** A wait of each kind, for what another caller has. */
const WAITS: Readonly<
  Record<string, (adapter: SqliteAdapter, wait: number, signal?: AbortSignal) => Promise<unknown>>
> = {
  lock: ({ lock }, wait, signal) => lock.hold('k', { ttl: LONG, wait, signal }),
  claim: ({ idempotency }, wait, signal) => idempotency.claim('k', { lease: LONG, wait, signal }),
}

test.each(Object.entries(WAITS))('a wait for a %s leaves no listener on its signal', async (_kind, begin) => {
  const { adapter, clock } = await connected()
  await begin(adapter, 0)
  const { signal } = new AbortController()
  const listeners = () => getEventListeners(signal, 'abort').length
  const waiting = begin(adapter, 2_000, signal)
  await settled()
  for (let passed = 0; passed < 2_000; passed += 100) {
    expect(listeners(), 'of one poll').toBe(1)
    expect(clock.keepsAlive, 'a caller waits, so the process must not end').toBe(true)
    clock.advance(100)
    await settled()
  }
  await waiting
  expect(listeners()).toBe(0)
  await adapter.disconnect()
})

test('a key that was granted to a caller who gave up meanwhile goes to the next one at once', async () => {
  const controller = new AbortController()
  let next: Promise<{ readonly state: string }> | undefined
  let state: string | undefined
  const { adapter } = await connected('database', (sql) => {
    // The next caller finds the claim of the first one, which is about to be given up.
    if (!sql.startsWith('DELETE FROM go_goscope_claims') || next !== undefined) return
    next = adapter.idempotency.claim('k', { lease: LONG, wait: LONG })
    void next.then((claim) => {
      state = claim.state
    })
  })
  const given = adapter.idempotency.claim('k', { lease: LONG, signal: controller.signal })
  controller.abort()
  await expect(given).rejects.toBe(controller.signal.reason)
  await settled()
  expect(state, 'without the clock moving').toBe('claimed')
  await adapter.disconnect()
})

test('callers that wait for a key get a result that is set at once', async () => {
  const { adapter } = await connected()
  await adapter.idempotency.claim('k', { lease: LONG })
  let claim: unknown
  const next = adapter.idempotency.claim('k', { lease: LONG, wait: LONG }).then((given) => {
    claim = given
  })
  await settled()
  await adapter.idempotency.set('k', 'set')
  await settled()
  expect(claim, 'without the clock moving').toEqual({ state: 'completed', value: 'set', replay: true })
  await next
  await adapter.disconnect()
})

test('an adapter that disconnects ends its wait for a lock also behind a waiter of another adapter', async () => {
  const handle = new DatabaseSync(':memory:')
  const driver = databaseSyncDriver(handle, () => undefined)
  const [stays, leaves] = [1, 2].map(() => new SqliteAdapter(handle, () => driver)) as [SqliteAdapter, SqliteAdapter]
  await Promise.all([stays.connect(), leaves.connect()])
  const holder = await stays.lock.acquire('k', LONG)
  const first = stays.lock.hold('k', { ttl: LONG, wait: LONG })
  const second = leaves.lock.hold('k', { ttl: LONG, wait: LONG }).catch((error: unknown) => error)
  await settled()
  await leaves.disconnect()
  expect(await Promise.race([second, settled()])).toMatchObject({ code: 'CLOSED' })
  await holder?.release()
  expect(await first).not.toBeNull()
  await stays.disconnect()
})

test('a lock in memory whose lease was shortened goes to its waiter when that ends', async () => {
  const { adapter, clock } = await connected('process')
  const holder = await adapter.lock.acquire('k', LONG)
  let granted: boolean | undefined
  const next = adapter.lock.hold('k', { ttl: LONG, wait: 2 * LONG }).then((lease) => {
    granted = lease !== null
  })
  await settled()
  expect(await holder?.extend(100)).toBe(true)
  await settled()
  clock.advance(99)
  await settled()
  expect(granted).toBeUndefined()
  clock.advance(1)
  await settled()
  expect(granted).toBe(true)
  await next
  await adapter.disconnect()
})

test('a caller that waits for a lock polls in growing pauses, and nothing wakes it when its wait is over', async () => {
  const clock = new ManualClock()
  const began = clock.monotonic()
  let endSession: () => void = () => undefined
  const onEnd = (callback: () => void): void => {
    endSession = callback
  }
  const session = { clock, ended: false, connection: { random: () => 1 }, onEnd } as unknown as Session
  const waits = new LockWaits(session, { waitQueueOf: (key: string) => key } as unknown as LockManager)
  const tries: number[] = []
  const acquire = async (): Promise<null> => {
    tries.push(clock.monotonic() - began)
    return null
  }
  const waiting = waits.run({ key: 'k', wait: 1_000, signal: undefined, acquire })
  for (let passed = 0; passed < 1_000; passed += 10) {
    await settled()
    clock.advance(10)
  }
  expect(await waiting).toBeNull()
  expect(tries).toEqual([0, 10, 30, 70, 150, 310, 510, 710, 910, 1_000])
  const wake = vi.spyOn(LockWaiter.prototype, 'wake')
  endSession()
  expect(wake).not.toHaveBeenCalled()
  wake.mockRestore()
})
