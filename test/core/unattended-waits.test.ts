import { type AdapterOptions, SqlAdapter, type SqlDriver } from '@go-go-scope/persistence-sqlite-core'
import { DatabaseSync } from '@photostructure/sqlite'
import { describe, expect, test } from 'vitest'
import { databaseSyncDriver } from './database-sync-driver.js'
import { inAnotherThread } from './in-another-thread.js'
import { settled, WatchedClock } from './watched-clock.js'

const TTL = 9_000
/** What a renewal runs. */
const LOCKS = /^UPDATE go_goscope_locks/

describe.each([
  ['an engine that answers within the call', (driver: ReturnType<typeof databaseSyncDriver>): SqlDriver => driver],
  ['an engine with a thread of its own', (driver) => inAnotherThread(driver)],
])('%s, on a database that is busy', (_title, engineOf) => {
  /** A lock that renews itself, just when its first renewal has found the database busy. */
  async function busyRenewal(options: AdapterOptions = {}) {
    const clock = new WatchedClock()
    const state = { busy: undefined as RegExp | undefined, tries: 0 }
    const handle = new DatabaseSync(':memory:')
    const driver = databaseSyncDriver(handle, (sql) => {
      if (state.busy?.test(sql) !== true) return undefined
      state.tries++
      throw Object.assign(new Error('database is locked'), { errcode: 5 })
    })
    const adapter = new SqlAdapter(handle, () => engineOf(driver), { clock, locks: 'database', ...options })
    const lock = await adapter.lock.hold('job', { ttl: TTL, renew: true })
    state.busy = LOCKS
    await clock.advance(TTL / 3)
    expect(state.tries).toBeGreaterThan(0)
    return { clock, state, adapter, lock }
  }

  test('a renewal waits without keeping the process alive, and succeeds once it may', async () => {
    const { clock, state, adapter, lock } = await busyRenewal()
    const { tries } = state
    for (let pause = 0; pause < 5; pause++) {
      expect(clock.keepsAlive).toBe(false)
      await clock.advance(50)
    }
    expect(state.tries).toBe(tries + 5)
    state.busy = undefined
    const end = lock?.expiresAt ?? 0
    await clock.advance(50)
    expect(lock?.expiresAt).toBeGreaterThan(end)
    await adapter.disconnect()
  })

  test('a call that somebody awaits keeps the process alive, also behind a renewal', async () => {
    const { clock, state, adapter } = await busyRenewal()
    const write = adapter.cache.set('k', 1)
    await settled()
    expect(clock.keepsAlive, 'during the pause in which it was made').toBe(true)
    await clock.advance(50)
    expect(clock.keepsAlive, 'during the next pause').toBe(true)
    state.busy = undefined
    await clock.advance(50)
    await write
    expect(clock.keepsAlive).toBe(false)
    await adapter.disconnect()
  })

  test('an extension that somebody awaits keeps the process alive', async () => {
    const { clock, state, adapter, lock } = await busyRenewal()
    state.busy = undefined
    await clock.advance(50)
    state.busy = LOCKS
    const extension = lock?.extend(TTL)
    await settled()
    expect(clock.keepsAlive).toBe(true)
    state.busy = undefined
    await clock.advance(50)
    expect(await extension).toBe(true)
    await adapter.disconnect()
  })

  test('disconnect keeps the process alive until the renewal has ended', async () => {
    const { clock, state, adapter } = await busyRenewal()
    expect(clock.keepsAlive).toBe(false)
    const disconnected = adapter.disconnect()
    await settled()
    expect(clock.keepsAlive).toBe(true)
    await clock.advance(50)
    expect(clock.keepsAlive).toBe(true)
    state.busy = undefined
    await clock.advance(50)
    await disconnected
  })

  test('what sweepInterval removes now and then does not keep the process alive', async () => {
    const { clock, state, adapter } = await busyRenewal({ sweepInterval: 1_000 })
    state.busy = undefined
    await clock.advance(50)
    await adapter.idempotency.claim('k', { lease: 1 })
    state.busy = /^DELETE/
    const { tries } = state
    await clock.advance(1_000)
    expect(state.tries).toBeGreaterThan(tries)
    expect(clock.keepsAlive).toBe(false)
    const pruned = adapter.prune()
    await settled()
    expect(clock.keepsAlive, 'a prune that somebody awaits').toBe(true)
    state.busy = undefined
    await clock.advance(50)
    await pruned
    expect(await adapter.idempotency.prune()).toBe(0)
    await adapter.disconnect()
  })

  test('a sweep that rides on writes does not keep the process alive', async () => {
    const { clock, state, adapter } = await busyRenewal()
    state.busy = undefined
    await clock.advance(50)
    state.busy = /^DELETE/
    const { tries } = state
    // The last of so many brings the sweep, and nobody awaits anything behind that.
    const keys = Array.from({ length: 32 }, (_, index) => `k${index}`)
    await Promise.all(keys.map((key) => adapter.idempotency.claim(key, { lease: 1_000 })))
    await settled()
    expect(state.tries).toBeGreaterThan(tries)
    expect(clock.keepsAlive).toBe(false)
    state.busy = undefined
    await clock.advance(50)
    await adapter.disconnect()
  })
})
