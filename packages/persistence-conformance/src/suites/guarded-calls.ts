import assert from 'node:assert/strict'
import type { CircuitBreakerUnderTest } from '../engine-under-test.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'

const RULES = { resetTimeout: 1_000, maxFailures: 2 }
const down = new Error('the service is down')
const ok = (): string => 'ok'
const fail = (): never => {
  throw down
}

/** Two breakers on separate connections. */
async function pair(world: World): Promise<[CircuitBreakerUnderTest, CircuitBreakerUnderTest]> {
  return [(await world.adapter()).circuitBreaker, (await world.second()).circuitBreaker]
}

/** As {@link pair}, with the circuit `api` opened and its reset timeout over. */
async function waited(world: World): Promise<[CircuitBreakerUnderTest, CircuitBreakerUnderTest]> {
  const breakers = await pair(world)
  for (const breaker of breakers) await fails(breaker)
  world.clock.advance(RULES.resetTimeout)
  return breakers
}

/** Asserts that the call rejects with its very error. */
async function fails(
  breaker: CircuitBreakerUnderTest,
  call: () => unknown = fail,
  rules: object = RULES,
): Promise<void> {
  await assert.rejects(breaker.run('api', call, rules), (error) => error === down)
}

/** Asserts that calls are refused and not made. */
async function refused(breakers: readonly CircuitBreakerUnderTest[], retryAt?: number): Promise<void> {
  for (const breaker of breakers) {
    let made = false
    const call = (): void => {
      made = true
    }
    const error = await refuses(() => breaker.run('api', call, RULES), { code: 'CIRCUIT_OPEN', says: ['"api"'] })
    assert.deepEqual([made, error.retryable], [false, retryAt !== undefined])
    assert.equal((error as { retryAt?: number }).retryAt, retryAt)
  }
}

async function isIn(breaker: CircuitBreakerUnderTest, state: string): Promise<void> {
  assert.equal((await breaker.getState('api'))?.state, state)
}

export const guardedCalls: EngineSuite = engineSuite('calls behind a breaker', (check) => {
  check(
    'a circuit opens at maxFailures, also of synchronous throws, and refuses calls until retryAt',
    async (world) => {
      const both = await pair(world)
      const [one, two] = both
      await fails(one)
      assert.equal(await two.run('api', ok, RULES), 'ok')
      await fails(one)
      await isIn(two, 'closed')
      await fails(two, async () => fail())
      const retryAt = world.clock.now() + RULES.resetTimeout
      await refused(both, retryAt)
      world.clock.advance(RULES.resetTimeout - 1)
      await refused(both, retryAt)
    },
  )

  check('after the reset timeout one call probes for all connections, and its outcome decides', async (world) => {
    const both = await waited(world)
    const [one, two] = both
    await fails(one, async () => {
      await refused(both, world.clock.now() + RULES.resetTimeout)
      fail()
    })
    await refused(both, world.clock.now() + RULES.resetTimeout)
    world.clock.advance(RULES.resetTimeout)
    const rules = { ...RULES, probes: 2, successThreshold: 3 }
    assert.equal(await one.run('api', () => two.run('api', ok, rules), rules), 'ok')
    await isIn(one, 'half-open')
    await two.run('api', ok, rules)
    await isIn(one, 'closed')
  })

  check('an error for which isFailure returns false counts nothing, and frees the slot of a probe', async (world) => {
    const [one, two] = await waited(world)
    const isFailure = (error: unknown): boolean => error !== down
    for (let probe = 0; probe < 2; probe++) await fails(one, fail, { ...RULES, isFailure })
    await isIn(one, 'half-open')
    await two.run('api', ok, RULES)
    await fails(one, fail, { maxFailures: 1, isFailure })
    await isIn(two, 'closed')
  })

  check('a probe that takes longer than its lease is not counted, and its value is returned', async (world) => {
    const [one, two] = await waited(world)
    const late = async (): Promise<string> => {
      world.clock.advance(300)
      return 'late'
    }
    assert.equal(await one.run('api', late, { ...RULES, lease: 300 }), 'late')
    await isIn(two, 'half-open')
  })

  check('a report that fails hides neither the value nor the error of the call, and is a diagnostic', async (world) => {
    const handle = await world.handle()
    const heard: unknown[] = []
    // Hears the diagnostics of the connection after the other adapter has left it.
    await world.connected(handle, {
      onDiagnostic: ({ type, ...event }) => {
        if (type === 'background-error')
          heard.push({ ...event, error: (event as { error: { code: string } }).error.code })
      },
    })
    const guarded = async (call: () => string): Promise<string> => {
      const leaver = await world.connected(handle)
      return leaver.circuitBreaker.run('api', async () => {
        await leaver.disconnect()
        return call()
      })
    }
    assert.equal(await guarded(ok), 'ok')
    await assert.rejects(guarded(fail), down)
    const event = { operation: 'circuitBreaker.run', error: 'CLOSED' }
    assert.deepEqual(heard, [event, event])
  })

  check('an isolated circuit refuses calls without a retryAt', async (world) => {
    const both = await waited(world)
    await both[0].isolate('api')
    await refused(both)
  })
})
