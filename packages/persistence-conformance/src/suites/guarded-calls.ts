import assert from 'node:assert/strict'
import type { CircuitBreakerUnderTest } from '../engine-under-test.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'

const RULES = { resetTimeout: 1_000, maxFailures: 2 }
const down = new Error('the service is down')

const fail = async (): Promise<never> => {
  throw down
}
const ok = async (): Promise<string> => 'ok'

/** Asserts that the call rejects with this very error. */
async function rejectsWith(error: unknown, call: Promise<unknown>): Promise<void> {
  await assert.rejects(call, (reason) => {
    assert.equal(reason, error)
    return true
  })
}

/** Asserts that a call is refused and not made. */
async function refused(breaker: CircuitBreakerUnderTest, retryAt: number | undefined): Promise<void> {
  let made = false
  const call = (): Promise<unknown> =>
    breaker.run(
      'api',
      () => {
        made = true
      },
      RULES,
    )
  const error = await refuses(call, {
    code: 'CIRCUIT_OPEN',
    says: ['"api"', retryAt === undefined ? /reset it/ : /try again/],
  })
  assert.deepEqual([error.operation, made, error.retryable], ['circuitBreaker.run', false, retryAt !== undefined])
  assert.equal((error as { retryAt?: number }).retryAt, retryAt)
}

/** Two breakers on separate connections. The circuit `api` was opened at the present time. */
async function opened(world: World): Promise<[CircuitBreakerUnderTest, CircuitBreakerUnderTest]> {
  const one = (await world.adapter()).circuitBreaker
  const two = (await world.second()).circuitBreaker
  for (const breaker of [one, two]) await rejectsWith(down, breaker.run('api', fail, RULES))
  return [one, two]
}

/** As {@link opened}, after the reset timeout. */
async function waited(world: World): Promise<[CircuitBreakerUnderTest, CircuitBreakerUnderTest]> {
  const breakers = await opened(world)
  world.clock.advance(RULES.resetTimeout)
  return breakers
}

const stateOf = async (breaker: CircuitBreakerUnderTest): Promise<string | undefined> =>
  (await breaker.getState('api'))?.state

export const guardedCalls: EngineSuite = engineSuite('calls behind a breaker', (check) => {
  check('run returns the value of the call, or rejects with its very error', async (world) => {
    const { circuitBreaker: breaker } = await world.adapter()
    const value = { of: 'the call' }
    assert.equal(await breaker.run('api', async () => value), value)
    assert.equal(await breaker.run('api', () => value), value)
    assert.equal(await breaker.getState('api'), null, 'a success of a closed circuit writes nothing')
    for (const error of [down, 'a text', undefined, Object.freeze({ status: 500 })]) {
      await rejectsWith(
        error,
        breaker.run('api', () => Promise.reject(error)),
      )
    }
    assert.equal((await breaker.getState('api'))?.failureCount, 4)
  })

  check('a call that throws synchronously counts as one that rejects', async (world) => {
    const { circuitBreaker: breaker } = await world.adapter()
    const throwing = (): never => {
      throw down
    }
    await rejectsWith(down, breaker.run('api', throwing, { maxFailures: 1 }))
    assert.equal(await stateOf(breaker), 'open')
  })

  check('a circuit opens at maxFailures for every connection, and refuses calls until retryAt', async (world) => {
    const one = (await world.adapter()).circuitBreaker
    const two = (await world.second()).circuitBreaker
    await rejectsWith(down, one.run('api', fail, RULES))
    assert.equal(await two.run('api', ok, RULES), 'ok')
    await rejectsWith(down, one.run('api', fail, RULES))
    assert.equal(await stateOf(two), 'closed', 'a success clears the consecutive failures')
    await rejectsWith(down, two.run('api', fail, RULES))
    const retryAt = world.clock.now() + RULES.resetTimeout
    for (const breaker of [one, two]) await refused(breaker, retryAt)
    world.clock.advance(RULES.resetTimeout - 1)
    for (const breaker of [one, two]) await refused(breaker, retryAt)
    world.clock.advance(1)
    assert.equal(await two.run('api', ok, RULES), 'ok')
  })

  check('without options, five failures open a circuit for 30 s', async (world) => {
    const { circuitBreaker: breaker } = await world.adapter()
    for (let call = 0; call < 5; call++) {
      assert.notEqual(await stateOf(breaker), 'open')
      await rejectsWith(down, breaker.run('api', fail))
    }
    const { retryAt } = (await refuses(() => breaker.run('api', ok), { code: 'CIRCUIT_OPEN' })) as { retryAt?: number }
    assert.equal(retryAt, world.clock.now() + 30_000)
  })

  check('after the reset timeout one call probes, over two connections, and its success closes', async (world) => {
    const [one, two] = await waited(world)
    const retryAt = world.clock.now() + RULES.resetTimeout
    const probe = one.run(
      'api',
      async () => {
        for (const breaker of [one, two]) await refused(breaker, retryAt)
        return 'probed'
      },
      RULES,
    )
    assert.equal(await probe, 'probed')
    assert.equal(await stateOf(two), 'closed')
    assert.equal(await two.run('api', ok, RULES), 'ok')
  })

  check('a probe that fails opens the circuit for another reset timeout', async (world) => {
    const [one, two] = await waited(world)
    await rejectsWith(down, one.run('api', fail, RULES))
    await refused(two, world.clock.now() + RULES.resetTimeout)
  })

  check('as many probes as successThreshold says must succeed, up to probes at a time', async (world) => {
    const [one, two] = await waited(world)
    const rules = { ...RULES, probes: 2, successThreshold: 3 }
    const both = one.run('api', () => two.run('api', ok, rules), rules)
    assert.deepEqual([await both, await stateOf(one)], ['ok', 'half-open'])
    await two.run('api', ok, rules)
    assert.equal(await stateOf(one), 'closed')
  })

  check('an error for which isFailure returns false counts nothing, and frees the slot of a probe', async (world) => {
    const { circuitBreaker: breaker } = await world.adapter()
    const aborted = new Error('aborted')
    const asked: unknown[] = []
    const rules = {
      ...RULES,
      maxFailures: 1,
      isFailure: (error: unknown) => {
        asked.push(error)
        return error !== aborted
      },
    }
    const abort = (): Promise<unknown> => breaker.run('api', () => Promise.reject(aborted), rules)
    await rejectsWith(aborted, abort())
    assert.equal(await breaker.getState('api'), null)
    await rejectsWith(down, breaker.run('api', fail, rules))
    world.clock.advance(RULES.resetTimeout)
    for (let probe = 0; probe < 2; probe++) {
      await rejectsWith(aborted, abort())
      assert.equal(await stateOf(breaker), 'half-open')
    }
    assert.equal(await breaker.run('api', ok, rules), 'ok')
    assert.equal(await stateOf(breaker), 'closed')
    assert.deepEqual(asked, [aborted, down, aborted, aborted])
  })

  check('an isFailure that throws or rejects hides no error of the call, which counts', async (world) => {
    const events: { type: string; operation?: string; error?: unknown }[] = []
    const { circuitBreaker: breaker } = await world.adapter({ onDiagnostic: (event) => events.push(event) })
    const broken = new Error('a broken isFailure')
    const throwing = (): never => {
      throw broken
    }
    await rejectsWith(down, breaker.run('api', fail, { ...RULES, isFailure: throwing }))
    await rejectsWith(down, breaker.run('api', fail, { ...RULES, isFailure: (async () => throwing()) as never }))
    await refused(breaker, world.clock.now() + RULES.resetTimeout)
    const event = { type: 'listener-error', operation: 'circuitBreaker.run', error: broken }
    assert.deepEqual(
      events.filter(({ type }) => type === 'listener-error'),
      [event, event],
    )
  })

  check('a report that fails hides neither the value nor the error of the call, and is a diagnostic', async (world) => {
    const handle = await world.handle()
    const events: { type: string; operation?: string; error?: unknown }[] = []
    // Hears the diagnostics of the connection after the other adapter has left it.
    await world.connected(handle, { onDiagnostic: (event) => events.push(event) })
    const outcomes = [ok, fail, fail].map(async (call, at) => {
      const leaver = await world.connected(handle)
      const leave = async (): Promise<string> => {
        await leaver.disconnect()
        return call()
      }
      const isFailure = (): boolean => at !== 2
      return leaver.circuitBreaker.run('api', leave, { ...RULES, isFailure })
    })
    assert.deepEqual(await Promise.allSettled(outcomes), [
      { status: 'fulfilled', value: 'ok' },
      { status: 'rejected', reason: down },
      { status: 'rejected', reason: down },
    ])
    const failed = events.filter(({ type }) => type === 'background-error')
    assert.deepEqual(
      failed.map(({ operation, error }) => [operation, (error as { code?: string }).code]),
      Array.from({ length: 3 }, () => ['circuitBreaker.run', 'CLOSED']),
    )
  })

  check('a probe that takes longer than its lease is not counted, and its value is returned', async (world) => {
    const [one, two] = await waited(world)
    const rules = { ...RULES, lease: 300 }
    const late = async (): Promise<string> => {
      world.clock.advance(300)
      return 'late'
    }
    assert.equal(await one.run('api', late, rules), 'late')
    assert.equal(await stateOf(two), 'half-open')
    const overtaken = async (): Promise<never> => {
      world.clock.advance(300)
      assert.equal(await two.run('api', ok, rules), 'ok')
      throw down
    }
    await rejectsWith(down, one.run('api', overtaken, rules))
    assert.equal(await stateOf(two), 'closed')
  })

  check('a call that began before its circuit opened does not close it', async (world) => {
    const one = (await world.adapter()).circuitBreaker
    const two = (await world.second()).circuitBreaker
    const slow = async (): Promise<string> => {
      await rejectsWith(down, two.run('api', fail, { maxFailures: 1 }))
      return 'slow'
    }
    assert.equal(await one.run('api', slow), 'slow')
    assert.equal(await stateOf(two), 'open')
  })

  check('an isolated circuit refuses calls without a retryAt', async (world) => {
    const [one, two] = await waited(world)
    await one.isolate('api')
    for (const breaker of [one, two]) await refused(breaker, undefined)
    await two.reset('api')
    assert.equal(await one.run('api', ok), 'ok')
  })

  check('bad arguments are refused by name, and nothing is called', async (world) => {
    const { circuitBreaker: breaker } = await world.adapter()
    let calls = 0
    const call = (): number => calls++
    const bad = [
      [null, 'options'],
      [{ resetTimeout: -1 }, 'resetTimeout'],
      [{ resetTimeout: Number.POSITIVE_INFINITY }, 'resetTimeout'],
      [{ maxFailures: 0 }, 'maxFailures'],
      [{ successThreshold: Number.NaN }, 'successThreshold'],
      [{ probes: 0 }, 'probes'],
      [{ lease: 0 }, 'lease'],
      [{ isFailure: true }, 'isFailure'],
      [{ timeout: 1 }, /options are resetTimeout, /],
    ] as const
    for (const [options, says] of bad) {
      const error = await refuses(() => breaker.run('api', call, options as never), {
        code: 'INVALID_ARGUMENT',
        says: [says, /must be|options are/],
      })
      assert.equal(error.operation, 'circuitBreaker.run')
    }
    for (const wrong of [undefined, 7, Promise.resolve('ok')] as never[]) {
      await refuses(() => breaker.run('api', wrong), {
        code: 'INVALID_ARGUMENT',
        says: ['call must be a function', '() =>'],
      })
    }
    await refuses(() => breaker.run('', call), { code: 'INVALID_KEY' })
    assert.equal(calls, 0)
    assert.equal(await breaker.run('api', call, { resetTimeout: undefined, isFailure: undefined }), 0)
  })
})
