import assert from 'node:assert/strict'
import type { CircuitBreakerPersistedState } from '@go-go-scope/persistence-core/ports'
import { eventually } from '../eventually.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import { withoutUndefined } from '../without-undefined.js'

export const circuitBreaker: EngineSuite = engineSuite('circuit breaker', (check) => {
  check('a state outlives the connection', async (world) => {
    const state = { state: 'open', failureCount: 4, lastFailureTime: 1_767_225_600_123 } as const
    const first = await world.openMade()
    await first.circuitBreaker.setState('api', state)
    await first.disconnect()
    const second = await world.openMade()
    assert.deepEqual(withoutUndefined(await second.circuitBreaker.getState('api')), state)
  })

  check('an absent time is absent, not null', async (world) => {
    const adapter = await world.adapter()
    await adapter.circuitBreaker.setState('api', { state: 'closed', failureCount: 0 })
    const state = await adapter.circuitBreaker.getState('api')
    assert.equal(state?.lastFailureTime, undefined)
    assert.equal(state?.lastSuccessTime, undefined)
  })

  check('the adapter is a breaker port itself', async (world) => {
    const adapter = await world.adapter()
    assert.equal(await adapter.recordFailure('api', 3), 1)
    assert.equal((await adapter.getState('api'))?.failureCount, 1)
    assert.equal((await adapter.circuitBreaker.getState('api'))?.failureCount, 1)
  })

  check('a subscriber is notified of every change of its circuit, with the state', async (world) => {
    const { circuitBreaker: breaker } = await world.adapter()
    const heard: CircuitBreakerPersistedState[] = []
    breaker.subscribe('api', (state) => heard.push(withoutUndefined(state)))
    await breaker.recordFailure('api', 2)
    const firstFailure = world.clock.now()
    world.clock.advance(10)
    await breaker.recordFailure('api', 2)
    await breaker.recordFailure('other', 2)
    await breaker.recordSuccess('api')
    await breaker.setState('api', { state: 'half-open', failureCount: 1 })
    assert.deepEqual(heard, [
      { state: 'closed', failureCount: 1, lastFailureTime: firstFailure },
      { state: 'open', failureCount: 2, lastFailureTime: firstFailure + 10 },
      { state: 'closed', failureCount: 0, lastSuccessTime: firstFailure + 10 },
      { state: 'half-open', failureCount: 1 },
    ])
  })

  check('a subscriber is notified of concurrent changes one by one, in order', async (world) => {
    const { circuitBreaker: breaker } = await world.adapter()
    const counts: number[] = []
    breaker.subscribe('api', ({ failureCount }) => counts.push(failureCount))
    await Promise.all(Array.from({ length: 20 }, () => breaker.recordFailure('api', 5)))
    assert.deepEqual(
      counts,
      Array.from({ length: 20 }, (_, index) => index + 1),
    )
  })

  check(
    'a subscriber is notified of changes through any adapter on the handle, and of no other prefix',
    async (world) => {
      const one = await world.adapter({ keyPrefix: 'app:' })
      const two = await world.adapter({ keyPrefix: 'app:' })
      const stranger = await world.adapter({ keyPrefix: 'other:' })
      const heard: string[] = []
      one.circuitBreaker.subscribe('api', ({ state }) => heard.push(state))
      await two.circuitBreaker.recordFailure('api', 1)
      await stranger.circuitBreaker.recordFailure('api', 1)
      assert.deepEqual(heard, ['open'])
    },
  )

  check('an unsubscriber stops its own subscription only, and may be called again', async (world) => {
    const { circuitBreaker: breaker } = await world.adapter()
    let first = 0
    let second = 0
    const stop = breaker.subscribe('api', () => first++)
    breaker.subscribe('api', () => second++)
    await breaker.recordFailure('api', 5)
    stop()
    stop()
    await breaker.recordFailure('api', 5)
    assert.deepEqual([first, second], [1, 2])
    const stopLast = breaker.subscribe('other', () => first++)
    stopLast()
    breaker.subscribe('other', () => second++)
    stopLast()
    await breaker.recordFailure('other', 5)
    assert.deepEqual([first, second], [1, 3], 'when it was the only one, it does not stop later ones either')
  })

  check('a listener that throws affects neither the change nor other listeners', async (world) => {
    const events: object[] = []
    const { circuitBreaker: breaker } = await world.adapter({ onDiagnostic: (event) => events.push(event) })
    let heard = 0
    breaker.subscribe('api', () => {
      throw new Error('a broken listener')
    })
    breaker.subscribe('api', async () => {
      throw new Error('a broken asynchronous listener')
    })
    breaker.subscribe('api', () => heard++)
    assert.equal(await breaker.recordFailure('api', 5), 1)
    assert.equal(heard, 1)
    const reported = (): number =>
      events.filter((event) => (event as { type?: string }).type === 'listener-error').length
    await eventually('both are reported', () => reported() === 2)
  })

  check('times follow the injected clock, also when it is set back', async (world) => {
    const { circuitBreaker: breaker } = await world.adapter()
    await breaker.recordFailure('api', 5)
    world.clock.jump(-60_000)
    await breaker.recordFailure('api', 5)
    assert.equal((await breaker.getState('api'))?.lastFailureTime, world.clock.now())
    await breaker.recordSuccess('api')
    assert.equal((await breaker.getState('api'))?.lastSuccessTime, world.clock.now())
  })

  check.inFile('circuits are stored as published', async (world) => {
    const { circuitBreaker: breaker } = await world.adapter({ keyPrefix: 'app:' })
    await breaker.setState('api', { state: 'open', failureCount: 3, lastFailureTime: 1_767_225_600_123 })
    const rows = await world.rows(
      'SELECT key, state, failure_count, last_failure_time, last_success_time, typeof(last_failure_time) AS type FROM go_goscope_circuit',
    )
    assert.deepEqual(
      rows.map((row) => ({ ...row })),
      [
        {
          key: 'app:circuit:api',
          state: 'open',
          failure_count: 3,
          last_failure_time: 1_767_225_600_123,
          last_success_time: null,
          type: 'integer',
        },
      ],
    )
  })
})
