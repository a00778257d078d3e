import assert from 'node:assert/strict'
import type { CircuitBreakerPersistedState } from '@go-go-scope/persistence-core/ports'
import { type PortSuite, portSuite } from '../suite.js'
import { withoutUndefined } from '../without-undefined.js'

const STATES: readonly CircuitBreakerPersistedState[] = [
  { state: 'closed', failureCount: 0 },
  { state: 'closed', failureCount: 3, lastFailureTime: 1_767_225_600_123 },
  { state: 'open', failureCount: 7, lastFailureTime: 1_767_225_600_123, lastSuccessTime: 1_767_225_500_001 },
  { state: 'half-open', failureCount: 2, lastSuccessTime: 1_767_225_500_001 },
]

export const circuitBreakerPort: PortSuite = portSuite('circuitBreaker', 'circuit breaker port', (check) => {
  check('an unknown circuit is null', async ({ port }) => {
    assert.equal(await port.getState('api'), null)
  })

  check('a state comes back as it was set, without times that were never given', async ({ port }) => {
    for (const state of STATES) {
      await port.setState('api', state)
      assert.deepEqual(withoutUndefined(await port.getState('api')), state)
    }
  })

  check('setState clears the times that the new state lacks', async ({ port }) => {
    await port.setState('api', { state: 'open', failureCount: 5, lastFailureTime: 10, lastSuccessTime: 20 })
    await port.setState('api', { state: 'half-open', failureCount: 5 })
    assert.deepEqual(withoutUndefined(await port.getState('api')), { state: 'half-open', failureCount: 5 })
  })

  check('the first failure of an unknown circuit makes it closed with a count of 1', async ({ port, clock }) => {
    assert.equal(await port.recordFailure('api', 3), 1)
    assert.deepEqual(withoutUndefined(await port.getState('api')), {
      state: 'closed',
      failureCount: 1,
      lastFailureTime: clock.now(),
    })
  })

  check('the circuit opens when the count reaches the limit, not before', async ({ port }) => {
    assert.equal(await port.recordFailure('api', 3), 1)
    assert.equal(await port.recordFailure('api', 3), 2)
    assert.equal((await port.getState('api'))?.state, 'closed')
    assert.equal(await port.recordFailure('api', 3), 3)
    assert.equal((await port.getState('api'))?.state, 'open')
  })

  check('a limit of 1 opens at the first failure', async ({ port }) => {
    assert.equal(await port.recordFailure('api', 1), 1)
    assert.equal((await port.getState('api'))?.state, 'open')
  })

  check('a count that is past the limit already opens too', async ({ port }) => {
    await port.setState('api', { state: 'closed', failureCount: 9 })
    assert.equal(await port.recordFailure('api', 3), 10)
    assert.equal((await port.getState('api'))?.state, 'open')
  })

  check('an open circuit stays open and goes on counting', async ({ port }) => {
    await port.setState('api', { state: 'open', failureCount: 1 })
    assert.equal(await port.recordFailure('api', 100), 2)
    assert.equal((await port.getState('api'))?.state, 'open')
  })

  check('a failure in half-open opens the circuit below the limit', async ({ port }) => {
    await port.setState('api', { state: 'half-open', failureCount: 1 })
    assert.equal(await port.recordFailure('api', 100), 2)
    assert.equal((await port.getState('api'))?.state, 'open')
  })

  check('a failure keeps the time of the last success and stores its own', async ({ port, clock }) => {
    await port.setState('api', { state: 'closed', failureCount: 0, lastFailureTime: 7, lastSuccessTime: 8 })
    clock.advance(500)
    await port.recordFailure('api', 3)
    assert.deepEqual(withoutUndefined(await port.getState('api')), {
      state: 'closed',
      failureCount: 1,
      lastFailureTime: clock.now(),
      lastSuccessTime: 8,
    })
  })

  check('a success closes the circuit, resets the count and forgets the failure', async ({ port, clock }) => {
    for (const before of STATES) {
      await port.setState('api', before)
      clock.advance(250)
      await port.recordSuccess('api')
      assert.deepEqual(withoutUndefined(await port.getState('api')), {
        state: 'closed',
        failureCount: 0,
        lastSuccessTime: clock.now(),
      })
    }
  })

  check('a success of an unknown circuit is stored', async ({ port, clock }) => {
    await port.recordSuccess('api')
    assert.deepEqual(withoutUndefined(await port.getState('api')), {
      state: 'closed',
      failureCount: 0,
      lastSuccessTime: clock.now(),
    })
  })

  check('50 failures at once count exactly 50, each with a count of its own', async ({ port }) => {
    const counts = await Promise.all(Array.from({ length: 50 }, () => port.recordFailure('api', 50)))
    assert.deepEqual(
      counts.toSorted((a, b) => a - b),
      Array.from({ length: 50 }, (_, index) => index + 1),
    )
    const state = await port.getState('api')
    assert.equal(state?.failureCount, 50)
    assert.equal(state?.state, 'open')
  })

  check('circuits are isolated from each other', async ({ port }) => {
    await port.recordFailure('one', 5)
    await port.recordFailure('two', 5)
    await port.recordSuccess('two')
    assert.equal((await port.getState('one'))?.failureCount, 1)
    assert.equal((await port.getState('two'))?.failureCount, 0)
    assert.equal(await port.getState('three'), null)
  })
})
