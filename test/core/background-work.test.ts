import { ManualClock } from '@go-go-scope/persistence-conformance'
import { type AdapterOptions, type DiagnosticEvent, type SqlDriver, SqliteAdapter } from '@go-go-scope/persistence-core'
import { DatabaseSync } from '@photostructure/sqlite'
import { describe, expect, test } from 'vitest'
import { write } from '../../packages/shared/src/queue/statement.js'
import { databaseSyncDriver } from './database-sync-driver.js'
import { inAnotherThread } from './in-another-thread.js'
import { queueOfFile } from './queue-of-file.js'
import { advance, settled } from './settled.js'

const TTL = 9_000
/** Matches the statement of a renewal. */
const LOCKS = /^UPDATE go_goscope_locks/

test('a listener of slow statements is called when no transaction is open that would contain what it writes', async () => {
  const clock = new ManualClock()
  const handle = new DatabaseSync(':memory:')
  handle.exec('CREATE TABLE log (operation TEXT)')
  let slow = 0
  const driver = databaseSyncDriver(handle, (sql) => {
    if (!sql.startsWith('INSERT INTO "go_goscope_cache"')) return undefined
    slow++
    clock.pass(200)
    return undefined
  })
  const onDiagnostic = (event: DiagnosticEvent): void => {
    if (event.type !== 'slow-statement') return
    handle.exec('BEGIN')
    handle.prepare('INSERT INTO log VALUES (?)').run(event.operation)
    handle.exec('COMMIT')
  }
  const adapter = new SqliteAdapter(handle, () => driver, { clock, onDiagnostic })
  await adapter.connect()
  await Promise.all(Array.from({ length: 40 }, (_, index) => adapter.cache.set(`k${index}`, index)))
  expect(handle.prepare('SELECT count(*) AS written FROM log').get()).toEqual({ written: slow })
  await adapter.disconnect()
})

describe.each([
  ['an engine that answers within the call', (driver: ReturnType<typeof databaseSyncDriver>): SqlDriver => driver],
  [
    'an engine with a thread of its own',
    (driver: ReturnType<typeof databaseSyncDriver>): SqlDriver => inAnotherThread(driver),
  ],
])('%s, on a database that is busy', (_title, engineOf) => {
  /** Makes an adapter for which statements that match `busy` find the database busy. */
  async function adapterOn(state: { busy: RegExp | undefined; tries: number }, options: AdapterOptions = {}) {
    const clock = new ManualClock()
    const failures: string[] = []
    const handle = new DatabaseSync(':memory:')
    const driver = databaseSyncDriver(handle, (sql) => {
      if (state.busy?.test(sql) !== true) return undefined
      state.tries++
      throw Object.assign(new Error('database is locked'), { errcode: 5 })
    })
    const onDiagnostic = (event: DiagnosticEvent): void => {
      if (event.type === 'background-error') failures.push(`${event.operation} ${event.error.code}`)
    }
    const adapter = new SqliteAdapter(handle, () => engineOf(driver), {
      clock,
      locks: 'database',
      onDiagnostic,
      ...options,
    })
    await adapter.connect()
    return { clock, adapter, failures }
  }

  test('a renewal waits like any call: it keeps the process alive and succeeds once it may', async () => {
    const state = { busy: undefined as RegExp | undefined, tries: 0 }
    const { clock, adapter, failures } = await adapterOn(state)
    const lock = await adapter.lock.hold('job', { ttl: TTL, renew: true })
    const end = lock?.expiresAt ?? 0
    state.busy = LOCKS
    await advance(clock, TTL / 3)
    for (let pause = 0; pause < 5; pause++) {
      expect(clock.keepsAlive).toBe(true)
      await advance(clock, 50)
    }
    expect(state.tries).toBeGreaterThanOrEqual(5)
    state.busy = undefined
    await advance(clock, 50)
    expect(lock?.expiresAt).toBeGreaterThan(end)
    expect(clock.keepsAlive).toBe(false)
    expect(failures).toEqual([])
    await adapter.disconnect()
  })

  test('a removal by sweepInterval fails at once, is reported, and is tried again at the next interval', async () => {
    const state = { busy: undefined as RegExp | undefined, tries: 0 }
    const { clock, adapter, failures } = await adapterOn(state, { sweepInterval: 1_000 })
    await adapter.idempotency.claim('k', { lease: 1 })
    state.busy = /^DELETE/
    await advance(clock, 1_000)
    expect(failures).toEqual(['prune BUSY'])
    expect(clock.keepsAlive).toBe(false)
    state.busy = undefined
    await advance(clock, 1_000)
    expect(failures).toEqual(['prune BUSY'])
    expect(await adapter.idempotency.prune(), 'nothing is left').toBe(0)
    await adapter.disconnect()
  })

  test('sweeps and polls end with their adapter, without an error and without a timer', async () => {
    const clock = new ManualClock()
    const handle = new DatabaseSync(':memory:')
    const driver = databaseSyncDriver(handle, () => undefined)
    const heard: unknown[] = []
    const onDiagnostic = (event: DiagnosticEvent): void => void heard.push(event)
    const adapterOn = () =>
      new SqliteAdapter(handle, () => engineOf(driver), { clock, sweepInterval: 1_000, onDiagnostic })
    // Hears of the handle after the other one has left it.
    const stays = adapterOn()
    await stays.connect()
    const idle = clock.pending
    for (const how of ['while it connects', 'between two tables']) {
      const leaver = adapterOn()
      const connecting = leaver.connect()
      leaver.circuitBreaker.subscribe('api', () => undefined)
      if (how === 'between two tables') {
        await connecting
        clock.advance(1_000)
      }
      await leaver.disconnect()
      await connecting
      await settled()
      expect(clock.pending, how).toBe(idle)
    }
    expect(heard).toEqual([])
    await stays.disconnect()
  })

  test('a listener hears of the handle until its adapter leaves it', async () => {
    const clock = new ManualClock()
    const handle = new DatabaseSync(':memory:')
    const driver = databaseSyncDriver(handle, () => undefined)
    const heard: string[] = []
    const adapterOf = async (name: string) => {
      const onDiagnostic = ({ type }: DiagnosticEvent): void => void heard.push(`${name} ${type}`)
      const adapter = new SqliteAdapter(handle, () => engineOf(driver), { clock, onDiagnostic })
      await adapter.connect()
      return adapter
    }
    const [stays, leaves] = [await adapterOf('stays'), await adapterOf('leaves')]
    const sweep = async () => {
      await stays.cache.set('k', 1, 1_000)
      clock.advance(1_000)
      await stays.prune()
    }
    await sweep()
    expect(heard.splice(0)).toEqual(['stays sweep', 'leaves sweep'])
    await leaves.disconnect()
    await sweep()
    expect(heard).toEqual(['stays sweep'])
    await stays.disconnect()
  })

  test('a prune that a caller awaits waits for the database', async () => {
    const state = { busy: undefined as RegExp | undefined, tries: 0 }
    const { clock, adapter } = await adapterOn(state)
    state.busy = /^DELETE/
    const pruned = adapter.prune()
    await settled()
    expect(clock.keepsAlive).toBe(true)
    state.busy = undefined
    await advance(clock, 50)
    expect(await pruned).toEqual({ cache: 0, idempotency: 0 })
    await adapter.disconnect()
  })

  test('a sweep that rides on writes fails at once and is reported; the writes are stored', async () => {
    const state = { busy: undefined as RegExp | undefined, tries: 0 }
    const { clock, adapter, failures } = await adapterOn(state)
    state.busy = /^DELETE/
    // The last of this many writes triggers the sweep.
    const keys = Array.from({ length: 32 }, (_, index) => `k${index}`)
    const stored = Promise.all(keys.map((key) => adapter.cache.set(key, 1, 1_000)))
    await settled()
    await advance(clock, 50)
    await stored
    expect(failures).toEqual(['cache.sweep BUSY'])
    expect(clock.keepsAlive).toBe(false)
    state.busy = undefined
    expect((await adapter.cache.keys()).length).toBe(32)
    await adapter.disconnect()
  })

  test('the first read of a subscription fails at once and is reported; later changes are still notified', async () => {
    const state = { busy: undefined as RegExp | undefined, tries: 0 }
    const { clock, adapter, failures } = await adapterOn(state)
    state.busy = /FROM go_goscope_circuit WHERE key = /
    const heard: string[] = []
    adapter.circuitBreaker.subscribe('api', (circuit) => heard.push(circuit.state))
    await settled()
    expect(failures).toEqual(['circuitBreaker.subscribe BUSY'])
    expect(clock.keepsAlive).toBe(false)
    state.busy = undefined
    await adapter.recordFailure('api', 1)
    expect(heard).toEqual(['open'])
    await adapter.disconnect()
  })
})

test('an awaited call continues to wait when a background call in the same batch gives up', async () => {
  const clock = new ManualClock()
  const sweep = { ...write('sweep', 'none', 'UPDATE leases SET until = ?1'), background: true as const }
  const set = write('set', 'none', 'INSERT INTO entries VALUES (?1)')
  let busy = true
  const tables = 'CREATE TABLE leases (until INTEGER); CREATE TABLE entries (value INTEGER)'
  const queue = queueOfFile(clock, tables, () => {
    if (busy) throw Object.assign(new Error('database is locked'), { errcode: 5 })
  })
  const swept = Promise.resolve(queue.execute(sweep, [1], () => 'swept')).catch(({ message }: Error) => message)
  const written = queue.execute(set, [1], () => 'written')
  await settled()
  expect(await swept).toMatch(/^sweep: gave up at once, in the background; /)
  expect(clock.keepsAlive).toBe(true)
  busy = false
  await advance(clock, 50)
  expect(await written).toBe('written')
  expect(clock.keepsAlive).toBe(false)
})
