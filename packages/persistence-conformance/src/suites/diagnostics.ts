import assert from 'node:assert/strict'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'

interface Event {
  type: string
  table?: string
  key?: string
  removed?: number
  error?: { code?: string }
}

const SABOTAGE = "UPDATE go_goscope_%s SET %c = 'not what was written'"

async function sabotage(world: World, table: string, column: string): Promise<void> {
  await world.rows(SABOTAGE.replace('%s', table).replace('%c', column))
}

export const diagnostics: EngineSuite = engineSuite('diagnostics', (check) => {
  check('an undecodable cache row is a miss that is reported', async (world) => {
    const events: Event[] = []
    const { cache } = await world.adapter({ keyPrefix: 'app:', onDiagnostic: (event) => events.push(event as Event) })
    await cache.set('k', 1)
    await sabotage(world, 'cache', 'value')
    assert.equal(await cache.get('k'), null)
    const [event] = events.filter(({ type }) => type === 'unreadable-row')
    assert.equal(event?.table, world.table('cache'))
    assert.match(event?.key ?? '', /k$/)
    assert.equal(event?.error?.code, 'VALUE_UNREADABLE')
    assert.equal((await cache.getMany(['k'])).size, 0)
    assert.equal(await cache.getOrSet('k', async () => 'again'), 'again')
    assert.equal(await cache.get('k'), 'again')
  })

  check('an undecodable result is refused, naming table and key', async (world) => {
    const { idempotency } = await world.adapter()
    await idempotency.set('pay-1', 1)
    await idempotency.set('pay-2', 1)
    await world.rows("UPDATE go_goscope_idempotency SET value = '[1,' WHERE key = 'pay-1'")
    await refuses(() => idempotency.get('pay-1'), {
      code: 'VALUE_UNREADABLE',
      says: [world.table('idempotency'), 'pay-1'],
    })
    assert.equal((await idempotency.get('pay-2'))?.value, 1)
    await idempotency.set('pay-1', 'mended')
    assert.equal((await idempotency.get('pay-1'))?.value, 'mended')
  })

  check('an undecodable result fails its own call only', async (world) => {
    const { idempotency } = await world.adapter()
    for (const key of ['a', 'b', 'c']) await idempotency.set(key, key)
    await world.rows("UPDATE go_goscope_idempotency SET value = '{' WHERE key = 'b'")
    const results = await Promise.allSettled(['a', 'b', 'c'].map((key) => idempotency.get(key)))
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    )
  })

  check('an undecodable checkpoint is refused, naming table and id', async (world) => {
    const { checkpoint } = await world.adapter()
    await checkpoint.save({ id: 'import-1', taskId: 'import', sequence: 1, timestamp: 1, progress: 0, data: 1 })
    await sabotage(world, 'checkpoints', 'data')
    const expected = { code: 'VALUE_UNREADABLE', says: [world.table('checkpoints'), 'import-1'] }
    await refuses(() => checkpoint.load('import-1'), expected)
    await refuses(() => checkpoint.loadLatest('import'), expected)
    await refuses(() => checkpoint.list('import'), expected)
    await checkpoint.deleteAll('import')
    assert.equal(await checkpoint.loadLatest('import'), undefined)
  })

  check('a listener that throws affects nothing', async (world) => {
    const { cache } = await world.adapter({
      onDiagnostic: () => {
        throw new Error('a broken listener')
      },
    })
    await world.adapter({
      onDiagnostic: async () => {
        throw new Error('a broken asynchronous listener')
      },
    })
    await cache.set('k', 1)
    await sabotage(world, 'cache', 'value')
    assert.equal(await cache.get('k'), null)
    await cache.set('k', 2)
    assert.equal(await cache.get('k'), 2)
  })

  check.inFile('a lock in memory reports once that another connection has the file, and only then', async (world) => {
    const events: Event[] = []
    const options = { onDiagnostic: (event: object) => events.push(event as Event) }
    const told = async (): Promise<number> => {
      await new Promise((resolve) => setTimeout(resolve, 50))
      return events.filter(({ type }) => type === 'unshared-locks').length
    }
    const alone = await world.open(options)
    await alone.lock.acquire('a')
    assert.equal(await told(), 0)
    const [shared, memory] = [
      await world.open({ ...options, locks: 'database' }),
      await world.open(options, ':memory:'),
    ]
    await shared.lock.acquire('b')
    await memory.lock.acquire('b')
    assert.equal(await told(), 0)
    const second = await world.open(options)
    await second.cache.set('k', 1)
    assert.equal(await told(), 0)
    await second.lock.acquire('c')
    await second.lock.acquire('d')
    assert.equal(await told(), 1)
  })

  check('removed rows are reported', async (world) => {
    const events: Event[] = []
    const adapter = await world.adapter({ onDiagnostic: (event) => events.push(event as Event) })
    await adapter.cache.setMany(
      [
        ['a', 1],
        ['b', 2],
      ],
      10,
    )
    world.clock.advance(11)
    await adapter.prune()
    const swept = events.filter(({ type, table }) => type === 'sweep' && table === world.table('cache'))
    assert.equal(
      swept.reduce((sum, { removed = 0 }) => sum + removed, 0),
      2,
    )
  })

  check('a producer that never awaits is reported before it is refused', async (world) => {
    const events: Event[] = []
    const { cache } = await world.adapter({ onDiagnostic: (event) => events.push(event as Event) })
    await Promise.all(Array.from({ length: 25_000 }, (_, index) => cache.set(`k${index % 100}`, index)))
    assert.ok(events.some(({ type }) => type === 'queue-pressure'))
    assert.equal(await cache.get('k99'), 24_999)
  })

  check('a slow statement is reported by the name of its operation', async (world) => {
    const events: (Event & { operation?: string })[] = []
    let time = 0
    // Each read of this clock is 200 ms later than the previous one.
    const monotonic = () => {
      time += 200
      return time
    }
    const clock = { now: world.clock.now, setTimer: world.clock.setTimer, monotonic }
    const onDiagnostic = (event: unknown) => events.push(event as Event)
    const adapter = await world.adapter({ clock, onDiagnostic, locks: 'database' })
    await adapter.idempotency.set('k', 1)
    const lock = await adapter.lock.hold('k', { ttl: 60_000_000 })
    if (lock === null) throw new Error('the lock is free')
    await adapter.fenced(lock, [{ sql: 'SELECT 1' }])
    const slow = events.filter(({ type }) => type === 'slow-statement').map(({ operation }) => operation)
    assert.ok(slow.includes('idempotency.set'))
    assert.ok(slow.includes('fenced'), 'statements of the app too')
  })

  check('an error of the codec is reported as an error of the codec', async (world) => {
    const codec = {
      encode: (): string => {
        throw new Error('cannot write')
      },
      decode: (): unknown => {
        throw new Error('cannot read')
      },
    }
    const good = await world.adapter()
    await good.idempotency.set('k', 1)
    const broken = await world.adapter({ codec })
    const refusal = await refuses(() => broken.idempotency.set('k', 2), {
      code: 'VALUE_NOT_SERIALIZABLE',
      says: ['cannot write'],
    })
    assert.ok(refusal.cause instanceof Error)
    await refuses(() => broken.idempotency.get('k'), { code: 'VALUE_UNREADABLE', says: ['cannot read'] })
    assert.equal((await good.idempotency.get('k'))?.value, 1)
  })

  check('an asynchronous codec is refused as such, and leaves no unhandled rejection', async (world) => {
    const fails = async (): Promise<never> => {
      throw new Error('of the codec')
    }
    const codec = { encode: (value: unknown) => (value === 1 ? '1' : fails()), decode: fails }
    const { cache, idempotency } = await world.adapter({ codec: codec as never })
    await Promise.all([cache.set('k', 1), idempotency.set('k', 1)])
    const writing = { code: 'VALUE_NOT_SERIALIZABLE', says: ['codec', 'promise'] }
    await refuses(() => cache.set('k', 2), writing)
    await refuses(() => idempotency.set('k', 2), writing)
    const reading = { code: 'INVALID_OPTION', says: ['option codec', 'decode', 'promise'] }
    await refuses(() => cache.get('k'), reading)
    await refuses(() => cache.getMany(['k']), reading)
    await refuses(() => cache.getOrSet('k', () => 2), reading)
    await refuses(() => idempotency.get('k'), reading)
  })
})
