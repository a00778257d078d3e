import assert from 'node:assert/strict'
import type {
  CacheEvent,
  CircuitEvent,
  ClaimEvent,
  DiagnosticMessage,
  LockEvent,
  TracedCall,
} from '@go-go-scope/persistence-core'
import { ChannelMessages } from '../channel-messages.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import { LATE_CALLS } from './store-calls.js'

const PHASES = ['start', 'end', 'error', 'asyncStart', 'asyncEnd']
const nameOf = (phase: string): string => `tracing:go-go-scope.persistence.call:${phase}`
const ofCalls = (broken = false): ChannelMessages<TracedCall> =>
  new ChannelMessages<TracedCall>(PHASES.map(nameOf), broken)
const of = <Event>(event: string): ChannelMessages<Event> =>
  new ChannelMessages<Event>([`go-go-scope.persistence.${event}`])

/** The phases that each call went through, by its message. */
function phasesOf({ messages }: ChannelMessages<TracedCall>): [call: TracedCall, phases: string[]][] {
  const calls = new Map<TracedCall, string[]>()
  for (const [channel, call] of messages)
    calls.set(call, [...(calls.get(call) ?? []), channel.split(':').at(-1) as string])
  return [...calls]
}

export const channels: EngineSuite = engineSuite('channels', (check) => {
  check('every call is published once per phase, in order, and with its error if it fails', async (world) => {
    const adapter = await world.adapter()
    using heard = ofCalls()
    await Promise.all(LATE_CALLS.map(([, call]) => call(adapter)))
    for (const [, call] of LATE_CALLS) await call(adapter)
    await adapter.idempotency.set('unreadable', 1)
    await world.rows("UPDATE go_goscope_idempotency SET value = '{' WHERE key = 'unreadable'")
    const failing = (): Promise<unknown> =>
      refuses(() => adapter.idempotency.get('unreadable'), { code: 'VALUE_UNREADABLE' })
    await failing()
    await Promise.all([failing(), adapter.idempotency.get('k'), failing()])

    const calls = phasesOf(heard)
    for (const [{ error, operation }, phases] of calls) {
      const expected = PHASES.filter((phase) => phase !== 'error' || error !== undefined)
      assert.deepEqual(phases, expected, operation)
    }
    const failed = calls.filter(([{ error }]) => error !== undefined)
    assert.equal(failed.length, 3)
    for (const [{ error, operation, kind }] of failed) {
      assert.equal((error as { code?: string }).code, 'VALUE_UNREADABLE')
      assert.equal(operation, 'idempotency.get')
      assert.equal(kind, 'read')
    }
    const operations = new Set(calls.map(([{ operation }]) => operation))
    for (const name of [
      'cache.get',
      'cache.set',
      'checkpoint.save',
      'idempotency.claim',
      'circuitBreaker.admit',
      'stats',
    ])
      assert.ok(operations.has(name), `${name} is published`)
    const databases = new Set(calls.map(([{ database }]) => database))
    assert.equal(databases.size, 1, 'one object for each connection')
    const [database] = databases
    assert.equal(database?.engine, (await adapter.stats()).engine)
    assert.match(database?.system ?? '', /^(sqlite|postgresql)$/)
    if (world.inFile) assert.match(database?.location ?? '', /app\.db$/)
  })

  check('a message contains neither key nor value', async (world) => {
    const { cache, circuitBreaker, idempotency } = await world.adapter()
    using heard = ofCalls()
    await cache.set('secret-key', 'secret-value')
    await cache.getMany(['secret-key', 'secret-other'])
    await circuitBreaker.recordFailure('secret-circuit', 1)
    await idempotency.claim('secret-claim', { lease: 10 })
    assert.ok(heard.messages.length > 0)
    assert.doesNotMatch(JSON.stringify(heard.messages), /secret/)
  })

  check('a subscriber that throws breaks no call', async (world) => {
    const adapter = await world.adapter()
    const own = process.listeners('uncaughtException')
    const thrown: unknown[] = []
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', (error) => thrown.push(error))
    try {
      using calls = ofCalls(true)
      using cache = new ChannelMessages(['go-go-scope.persistence.cache', 'go-go-scope.persistence.lock'], true)
      await Promise.all(LATE_CALLS.map(([, call]) => call(adapter)))
      await adapter.cache.set('k', 'value')
      assert.equal(await adapter.cache.get('k'), 'value')
      // The runtime reports each thrown error in a later turn.
      while (thrown.length < calls.messages.length + cache.messages.length) await new Promise(setImmediate)
    } finally {
      process.removeAllListeners('uncaughtException')
      for (const listener of own) process.on('uncaughtException', listener)
    }
    assert.equal(await adapter.cache.get('k'), 'value')
  })

  check.betweenConnections('a call that finds the database busy for too long fails with its code', async (world) => {
    await world.adapter()
    const hasty = await world.second({ busyTimeout: 0 })
    using calls = ofCalls()
    await world.holdWrites()
    await refuses(() => hasty.cache.set('k', 1), { code: 'BUSY' })
    await world.rows('ROLLBACK')
    const codes = phasesOf(calls).map(([{ error }]) => (error as { code?: string } | undefined)?.code)
    assert.deepEqual(codes, ['BUSY'])
  })

  check.inFile('diagnostics are published too', async (world) => {
    const { cache } = await world.adapter()
    using diagnostics = of<DiagnosticMessage>('diagnostic')
    await cache.set('k', 1)
    await world.rows("UPDATE go_goscope_cache SET value = 'not what was written'")
    assert.equal(await cache.get('k'), null)
    const [[, message] = []] = diagnostics.messages
    assert.equal(message?.event.type, 'unreadable-row')
    assert.equal(typeof message?.database.engine, 'string')
  })

  for (const kind of ['process', 'database'] as const) {
    check(`grants, refusals and losses of locks are published: ${kind}`, async (world) => {
      const { lock } = await world.adapter({ locks: kind })
      using heard = of<LockEvent>('lock')
      const first = await lock.acquire('k', 100)
      await lock.acquire('k', 100)
      world.clock.advance(101)
      await first?.release()
      assert.equal(heard.messages.at(-1)?.[1].outcome, 'lost', 'its holder has come too late')
      const second = await lock.hold('k', { ttl: 100, wait: 1_000 })
      await second?.release()
      const third = await lock.acquire('k', 100)
      world.clock.advance(101)
      await lock.acquire('k', 100)
      assert.equal(await third?.isValid(), false)

      const told = heard.messages.map(([, { outcome, waited }]) =>
        waited === undefined ? outcome : `${outcome}, waited`,
      )
      assert.deepEqual(told, ['granted', 'refused', 'lost', 'granted, waited', 'granted', 'lost', 'granted'])
      for (const [, event] of heard.messages) {
        assert.equal(event.key, 'k')
        assert.equal(event.kind, kind)
        assert.equal(event.reason !== undefined, event.outcome === 'lost')
      }
    })
  }

  check('each change of state of a circuit is published once', async (world) => {
    const { circuitBreaker } = await world.adapter({ keyPrefix: 'app:' })
    using heard = of<CircuitEvent>('circuit')
    for (let failures = 0; failures < 3; failures++) await circuitBreaker.recordFailure('api', 2)
    world.clock.advance(11)
    const admitted = await circuitBreaker.admit('api', { resetTimeout: 10 })
    assert.ok(admitted.admitted)
    await circuitBreaker.succeeded(admitted.permit)
    await circuitBreaker.recordSuccess('api')
    assert.deepEqual(
      heard.messages.map(([, { key, previous, state }]) => [key, previous, state]),
      [
        ['api', undefined, 'open'],
        ['api', 'open', 'half-open'],
        ['api', 'half-open', 'closed'],
      ],
    )
  })

  check('what each cache read found is published', async (world) => {
    const { cache } = await world.adapter()
    using heard = of<CacheEvent>('cache')
    await cache.set('k', 1)
    await cache.get('k')
    await cache.get('none')
    await cache.getMany(['k', 'none', 'neither'])
    await cache.getOrSet('loaded', async () => 1)
    await cache.getOrSet('loaded', async () => 1)
    const found = heard.messages.map(([, { hits, misses }]) => [hits, misses])
    assert.deepEqual(found, [
      [1, 0],
      [0, 1],
      [1, 2],
      [0, 1],
      [1, 0],
    ])
  })

  check('the outcome of each claim and the loss of one are published', async (world) => {
    const { idempotency } = await world.adapter()
    using heard = of<ClaimEvent>('claim')
    const claim = await idempotency.claim('k', { lease: 100, fingerprint: 'a' })
    await idempotency.claim('k', { lease: 100 })
    assert.equal(claim.state, 'claimed')
    if (claim.state === 'claimed') await claim.complete('done')
    await idempotency.claim('k', { lease: 100, fingerprint: 'a' })
    await refuses(() => idempotency.claim('k', { lease: 100, fingerprint: 'b' }), { code: 'FINGERPRINT_MISMATCH' })
    const other = await idempotency.claim('other', { lease: 100 })
    world.clock.advance(101)
    await idempotency.claim('other', { lease: 100 })
    if (other.state === 'claimed') {
      assert.equal((await other.complete(1)).recorded, false)
      assert.equal((await other.complete(1)).recorded, false)
    }
    assert.deepEqual(
      heard.messages.map(([, { key, outcome }]) => `${outcome} ${key}`),
      ['claimed k', 'running k', 'replayed k', 'mismatch k', 'claimed other', 'claimed other', 'lost other'],
    )
  })
})
