import { ManualClock } from '@go-go-scope/persistence-conformance'
import { type DiagnosticListener, type SqlDriver, SqliteAdapter } from '@go-go-scope/persistence-core'
import { connectRemote, serve } from '@go-go-scope/persistence-core/remote'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { databaseSyncDriver } from './database-sync-driver.js'
import { inAnotherThread } from './in-another-thread.js'
import { settled } from './settled.js'

const SETS = /^INSERT INTO "go_goscope_cache"/
const PATIENCE = 1_000
const keys = Array.from({ length: 70 }, (_, index) => `k${index}`)
const busy = Object.assign(new Error('of the engine'), { errcode: 5 })

describe.each(['within the call', 'in a later turn'] as const)(
  'many concurrent calls of a client, on an engine that answers %s',
  (way) => {
    const clock = new ManualClock()
    const statements: string[] = []
    let isBusy = false
    let givesNoRow = false
    let handle: InstanceType<typeof DatabaseSync>
    let adapter: SqliteAdapter
    let server: ReturnType<typeof serve>
    let one: Awaited<ReturnType<typeof connectRemote>>
    let other: typeof one
    beforeEach(async () => {
      isBusy = false
      givesNoRow = false
      handle = new DatabaseSync(':memory:')
      const driver = databaseSyncDriver(handle, (sql) => {
        statements.push(sql)
        if (isBusy && (/^BEGIN/.test(sql) || SETS.test(sql))) throw busy
        return givesNoRow && /json_group_array/.test(sql) ? [] : undefined
      })
      const given: SqlDriver = way === 'within the call' ? driver : inAnotherThread(driver)
      adapter = new SqliteAdapter(handle, () => given as never, { clock, busyTimeout: PATIENCE })
      await adapter.connect()
      server = serve(adapter)
      const connect = () => connectRemote(server.createPort(), { clock })
      ;[one, other] = await Promise.all([connect(), connect()])
    })
    afterEach(async () => {
      await Promise.all([one.disconnect(), other.disconnect()])
      await server.close()
      await adapter.disconnect()
    })

    const stored = () => Promise.all(keys.map((key) => adapter.cache.get(key)))

    test('leave the same rows as sequential calls', async () => {
      const values = keys.map((_, index) => (index % 7 === 0 ? { text: 'quotes " \u0000 🙂', index } : index + 0.1))
      const sets = keys.map((key, index) => one.cache.set(key, values[index]))
      const gets = keys.map((key) => one.cache.get(key))
      const again = keys.map((key, index) => one.cache.set(key, -index - 1))
      const deleted = keys.map((key) => one.cache.delete(key))
      const none = Promise.all(keys.map((key) => one.cache.get(key)))
      const last = keys.map((key, index) => one.cache.set(key, index))
      expect(await Promise.all(gets)).toEqual(values)
      expect(await none).toEqual(keys.map(() => null))
      await Promise.all([...sets, ...again, ...deleted, ...last])
      expect(await stored()).toEqual(keys.map((_, index) => index))
    })

    test('answer as sequential calls do, before and after', async () => {
      await one.cache.set('k', 1)
      await one.idempotency.set('k', 2)
      await one.circuitBreaker.recordFailure('k', 5)
      await one.checkpoint.save({ id: 'k', taskId: 'k', sequence: 1, timestamp: 3, progress: 4, data: 5 })
      const reads = [
        () => one.cache.get('k'),
        () => one.cache.has('k'),
        () => one.idempotency.get('k'),
        () => one.circuitBreaker.getState('k'),
        () => one.circuitBreaker.admit('k', { resetTimeout: 1 }),
        () => one.checkpoint.load('k'),
        () => one.checkpoint.loadLatest('k'),
      ]
      for (const read of reads) {
        const alone = await read()
        expect(alone).toBeTruthy()
        expect(await Promise.all(keys.map(read))).toEqual(keys.map(() => alone))
        expect(await read()).toEqual(alone)
      }
    })

    test('keep the last of those that name one key', async () => {
      await Promise.all(keys.map((_, index) => one.cache.set('same', index)))
      expect(await one.cache.get('same')).toBe(keys.length - 1)
    })

    test('fail each for itself', async () => {
      handle.exec(
        `CREATE TRIGGER refused BEFORE INSERT ON go_goscope_cache WHEN NEW.key GLOB 'cache:k*9' BEGIN SELECT RAISE(ABORT, 'no'); END`,
      )
      const settledSets = await Promise.allSettled(keys.map((key, index) => one.cache.set(key, index)))
      for (const [index, { status }] of settledSets.entries()) {
        expect([index, status]).toEqual([index, index % 10 === 9 ? 'rejected' : 'fulfilled'])
      }
      expect(await stored()).toEqual(keys.map((_, index) => (index % 10 === 9 ? null : index)))
    })

    test('are answered one by one where the engine returns no common row', async () => {
      await Promise.all(keys.map((key, index) => one.cache.set(key, index)))
      // The first answers after a client connects are not packed.
      for (let left = 10; left > 0; left--) await Promise.all(keys.map((key) => one.cache.get(key)))
      givesNoRow = true
      expect(await Promise.all(keys.map((key) => one.cache.get(key)))).toEqual(keys.map((_, index) => index))
    })

    test('fail each for itself, also where clients share a statement', async () => {
      handle.exec(
        `CREATE TRIGGER refused BEFORE INSERT ON go_goscope_cache WHEN NEW.value = '13' BEGIN SELECT RAISE(ABORT, 'no'); END`,
      )
      const sets = [one, other].flatMap(({ cache }, client) =>
        keys.map((key, index) => cache.set(`${client}${key}`, index)),
      )
      const failed = (await Promise.allSettled(sets)).flatMap(({ status }, at) => (status === 'rejected' ? [at] : []))
      expect(failed).toEqual([13, keys.length + 13])
    })

    test('of all clients are one statement where the engine answers later', async () => {
      isBusy = true
      const sets = [one, other].flatMap(({ cache }) => keys.map((key, index) => cache.set(key, index)))
      for (let turn = 0; turn < 20; turn++) await settled()
      isBusy = false
      statements.length = 0
      clock.advance(PATIENCE / 4)
      await Promise.all(sets)
      // Otherwise sixteen of a client at a time, and the last six one by one.
      expect(statements.filter((sql) => SETS.test(sql))).toHaveLength(way === 'in a later turn' ? 1 : 2 * (4 + 6))
      expect(await stored()).toEqual(keys.map((_, index) => index))
    })

    test('wait together for another writer, and give up each with its own error', async () => {
      isBusy = true
      const failed = Promise.allSettled(keys.map((key) => one.cache.set(key, 1)))
      let over = false
      void failed.then(() => {
        over = true
      })
      while (!over) {
        clock.advance(PATIENCE / 4)
        await settled()
      }
      for (const set of await failed) expect(set).toMatchObject({ reason: { code: 'BUSY', operation: 'cache.set' } })
      isBusy = false
      expect(await stored()).toEqual(keys.map(() => null))
      await Promise.all(keys.map((key) => one.cache.set(key, 2)))
      expect(await stored()).toEqual(keys.map(() => 2))
    })

    test('overtake the loads of what they delete', async () => {
      let load: (value: string) => void = () => undefined
      let loading: Promise<string> | undefined
      await new Promise<void>((begun) => {
        loading = other.cache.getOrSet('k40', () => {
          begun()
          return new Promise<string>((resolve) => {
            load = resolve
          })
        })
      })
      await Promise.all(keys.map((key) => one.cache.delete(key)))
      load('loaded before')
      expect(await loading).toBe('loaded before')
      expect(await other.cache.get('k40')).toBe(null)
    })

    test('wake the callers that wait for their claims', async () => {
      await Promise.all(keys.map((key) => adapter.idempotency.claim(key, { lease: 60_000 })))
      // None of its timers fires, because the clock stands still.
      const waiting = Promise.all(keys.map((key) => other.idempotency.claim(key, { lease: 60_000, wait: 60_000 })))
      for (let turn = 0; turn < 20; turn++) await settled()
      await Promise.all(keys.map((key) => one.idempotency.set(key, `of ${key}`)))
      expect(await waiting).toMatchObject(keys.map((key) => ({ value: `of ${key}` })))
    })
  },
)

describe('joined calls', () => {
  /** Makes an owner whose engine is busy until the test says otherwise. */
  async function busyOwner(onDiagnostic: DiagnosticListener = () => undefined) {
    const clock = new ManualClock()
    const engine = { busy: false, takes: 0, transactions: 0 }
    const driver = databaseSyncDriver(new DatabaseSync(':memory:'), (sql) => {
      if (engine.busy && (/^BEGIN/.test(sql) || SETS.test(sql))) throw busy
      if (SETS.test(sql)) clock.pass(engine.takes)
      if (/^BEGIN/.test(sql)) engine.transactions++
      return undefined
    })
    const adapter = new SqliteAdapter({}, () => driver as never, { clock, busyTimeout: PATIENCE, onDiagnostic })
    await adapter.connect()
    engine.busy = true
    const server = serve(adapter)
    const end = async () => {
      await server.close()
      await adapter.disconnect()
    }
    return { adapter, server, clock, engine, end }
  }

  test('count as many as they are', async () => {
    const events: { type: string; waiting?: number }[] = []
    const { adapter, server, clock, engine, end } = await busyOwner((event) => events.push(event as never))
    const clients = await Promise.all(Array.from({ length: 4 }, () => connectRemote(server.createPort(), { clock })))
    const sets = clients.map(({ cache }) => Array.from({ length: 4_000 }, (_, index) => cache.set(`k${index}`, index)))
    const waiting = async () => {
      for (let turn = 0; turn < 20; turn++) await settled()
      const stats = adapter.stats()
      engine.busy = false
      clock.advance(PATIENCE / 2)
      return (await stats).waiting
    }
    expect(await waiting()).toBe(16_000)
    await Promise.all(sets.flat())
    expect(events).toContainEqual(expect.objectContaining({ type: 'queue-pressure' }))
    expect((await adapter.stats()).waiting).toBe(0)
    await end()
  })

  test('are slow statements only where one of their statements is', async () => {
    const slow: unknown[] = []
    const { server, clock, engine, end } = await busyOwner((event) => {
      if (event.type === 'slow-statement') slow.push(event)
    })
    engine.busy = false
    engine.takes = 20
    const client = await connectRemote(server.createPort(), { clock })
    await Promise.all(keys.map((key) => client.cache.set(key, 1)))
    expect(slow).toEqual([])
    await end()
  })

  test('are not of long values, after each statement of which the event loop may have a turn', async () => {
    const { server, clock, engine, end } = await busyOwner()
    engine.busy = false
    engine.takes = 20
    const client = await connectRemote(server.createPort(), { clock })
    engine.transactions = 0
    await Promise.all(keys.map((key) => client.cache.set(key, 'x'.repeat(1_000))))
    expect(engine.transactions).toBeGreaterThan(1)
    await end()
  })
})

describe('gets made together', () => {
  const statements: string[] = []
  let adapter: SqliteAdapter
  let server: ReturnType<typeof serve>
  beforeEach(async () => {
    const driver = databaseSyncDriver(new DatabaseSync(':memory:'), (sql) => {
      if (/SELECT.*go_goscope_cache/s.test(sql)) statements.push(sql)
      return undefined
    })
    adapter = new SqliteAdapter({}, () => driver as never, { clock: new ManualClock() })
    await adapter.cache.setMany(keys.map((key, index) => [key, index] as const))
    server = serve(adapter)
  })
  afterEach(async () => {
    await server.close()
    await adapter.disconnect()
  })

  test.each([1, 2])('by %i clients are a statement and a message for each, answered in order', async (count) => {
    const ports = Array.from({ length: count }, () => server.createPort())
    const clients = await Promise.all(ports.map((port) => connectRemote(port)))
    const round = () =>
      Promise.all(
        clients.map(async ({ cache }) => {
          const order: unknown[] = []
          await Promise.all(keys.map(async (key) => order.push(await cache.get(key))))
          return order
        }),
      )
    // The first answers after a client connects are not packed.
    for (let left = 10; left > 0; left--) await round()
    let messages = 0
    for (const port of ports) port.on('message', () => messages++)
    statements.length = 0
    expect(await round()).toEqual(clients.map(() => keys.map((_, index) => index)))
    expect([statements.length, messages]).toEqual([count, count])
  })
})
