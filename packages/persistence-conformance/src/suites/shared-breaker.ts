import assert from 'node:assert/strict'
import type { Admission, Permit } from '@go-go-scope/persistence-core/ports'
import type { CircuitBreakerUnderTest, ClockUnderTest } from '../engine-under-test.js'
import { realTimers } from '../real-timers.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'

const RESET = { resetTimeout: 1_000 }

function admitted(admission: Admission): Permit {
  assert.ok(admission.admitted, `refused: ${JSON.stringify(admission)}`)
  return admission.permit
}

/** Two breakers on one file, on separate connections, with the circuit `api` opened. */
async function opened(
  world: World,
  clock: ClockUnderTest = world.clock,
): Promise<[CircuitBreakerUnderTest, CircuitBreakerUnderTest]> {
  const one = (await world.adapter({ clock })).circuitBreaker
  const two = (await world.second({ clock })).circuitBreaker
  await one.recordFailure('api', 1)
  return [one, two]
}

async function halfOpened(
  world: World,
  clock?: ClockUnderTest,
): Promise<[CircuitBreakerUnderTest, CircuitBreakerUnderTest]> {
  const breakers = await opened(world, clock)
  world.clock.advance(RESET.resetTimeout)
  return breakers
}

export const sharedBreaker: EngineSuite = engineSuite('one breaker for all processes', (check) => {
  check('a closed or unknown circuit admits every call, and writes nothing', async (world) => {
    const { circuitBreaker: breaker } = await world.adapter()
    for (let call = 0; call < 3; call++) {
      const admission = await breaker.admit('api', RESET)
      assert.deepEqual(admission, { admitted: true, state: 'closed', permit: { key: 'api', generation: 0 } })
      assert.deepEqual(await breaker.succeeded(admitted(admission)), { counted: true, state: null })
    }
    assert.equal(await breaker.getState('api'), null)
  })

  check('failures of admitted calls open the circuit, for every connection', async (world) => {
    const one = (await world.adapter()).circuitBreaker
    const two = (await world.second()).circuitBreaker
    const permits = [admitted(await one.admit('api', RESET)), admitted(await two.admit('api', RESET))]
    const first = await one.failed(permits[0] as Permit, 2)
    assert.deepEqual([first.counted, first.state?.state, first.state?.failureCount], [true, 'closed', 1])
    const second = await two.failed(permits[1] as Permit, 2)
    assert.deepEqual([second.counted, second.state?.state], [true, 'open'])
    const retryAt = world.clock.now() + 1_000
    for (const breaker of [one, two]) {
      assert.deepEqual(await breaker.admit('api', RESET), { admitted: false, state: 'open', retryAt })
    }
  })

  check('a success of a closed circuit resets its consecutive failures', async (world) => {
    const { circuitBreaker: breaker } = await world.adapter()
    const permit = admitted(await breaker.admit('api', RESET))
    await breaker.failed(permit, 2)
    const { counted, state } = await breaker.succeeded(permit)
    assert.deepEqual([counted, state?.failureCount, state?.lastSuccessTime], [true, 0, world.clock.now()])
    assert.equal((await breaker.failed(permit, 2)).state?.state, 'closed')
  })

  check('a late report of a call that began while the circuit was closed changes nothing', async (world) => {
    const { circuitBreaker: breaker } = await world.adapter()
    const permit = admitted(await breaker.admit('api', RESET))
    await breaker.recordFailure('api', 1)
    for (const report of [await breaker.succeeded(permit), await breaker.failed(permit, 1)]) {
      assert.deepEqual([report.counted, report.state?.state, report.state?.failureCount], [false, 'open', 1])
    }
    await breaker.recordSuccess('api')
    assert.equal((await breaker.failed(permit, 1)).counted, false, 'nor after it has closed again')
    assert.equal((await breaker.getState('api'))?.state, 'closed')
  })

  check('the time of opening is stored: another connection waits for the rest of it only', async (world) => {
    const [one, two] = await opened(world)
    world.clock.advance(600)
    await one.recordFailure('api', 1)
    assert.equal((await two.admit('api', RESET)).admitted, false)
    world.clock.advance(399)
    assert.equal((await two.admit('api', RESET)).admitted, false)
    world.clock.advance(1)
    assert.equal((await two.admit('api', RESET)).admitted, true, 'a failure while open opens it no later')
  })

  for (const probes of [1, 3]) {
    check(`after the wait exactly ${probes} of many calls are admitted, over two connections`, async (world) => {
      const both = await halfOpened(world, realTimers(world.clock.now))
      const calls = Array.from({ length: 30 }, (_, index) => both[index % 2]?.admit('api', { ...RESET, probes }))
      const admissions = (await Promise.all(calls)) as Admission[]
      assert.equal(admissions.filter(({ admitted }) => admitted).length, probes)
      assert.ok(admissions.every(({ state }) => state === 'half-open'))
      assert.equal((await both[0].getState('api'))?.state, 'half-open')
    })
  }

  check('a probe that succeeds closes the circuit, one that fails opens it for another wait', async (world) => {
    const [one, two] = await halfOpened(world)
    const failed = await two.failed(admitted(await one.admit('api', RESET)))
    assert.deepEqual([failed.counted, failed.state?.state], [true, 'open'])
    const retryAt = world.clock.now() + 1_000
    assert.deepEqual(await two.admit('api', RESET), { admitted: false, state: 'open', retryAt })
    world.clock.advance(1_000)
    const succeeded = await one.succeeded(admitted(await two.admit('api', RESET)))
    assert.deepEqual(succeeded, {
      counted: true,
      state: { state: 'closed', failureCount: 0, lastSuccessTime: world.clock.now() },
    })
    assert.equal((await two.admit('api', RESET)).state, 'closed')
  })

  check('as many probes as requested must succeed, one after the other or at once', async (world) => {
    const [one, two] = await halfOpened(world)
    const first = admitted(await one.admit('api', { ...RESET, probes: 2 }))
    const second = admitted(await two.admit('api', { ...RESET, probes: 2 }))
    assert.equal((await one.succeeded(first, 3)).state?.state, 'half-open')
    assert.equal((await one.succeeded(first, 3)).counted, false, 'a probe counts once')
    const third = admitted(await one.admit('api', { ...RESET, probes: 2 }))
    assert.equal((await two.succeeded(second, 3)).state?.state, 'half-open')
    assert.equal((await one.succeeded(third, 3)).state?.state, 'closed')
  })

  check('the place of a killed prober is free after its lease, and its late report is ignored', async (world) => {
    const [one, two] = await halfOpened(world)
    const killed = admitted(await one.admit('api', { ...RESET, lease: 300 }))
    assert.deepEqual(await two.admit('api', RESET), {
      admitted: false,
      state: 'half-open',
      retryAt: world.clock.now() + 300,
    })
    world.clock.advance(300)
    assert.equal((await one.succeeded(killed)).counted, false, 'its lease is over, also while its place is free')
    const next = admitted(await two.admit('api', RESET))
    for (const report of [await one.succeeded(killed), await one.failed(killed)]) {
      assert.deepEqual([report.counted, report.state?.state], [false, 'half-open'])
    }
    assert.equal((await two.succeeded(next)).counted, true)
  })

  check('a report from an earlier half-open period is ignored and says so', async (world) => {
    const [one, two] = await halfOpened(world)
    const options = { ...RESET, probes: 2, lease: 60_000 }
    const early = admitted(await one.admit('api', options))
    await two.failed(admitted(await two.admit('api', options)))
    world.clock.advance(1_000)
    const next = admitted(await two.admit('api', options))
    assert.ok(next.generation > early.generation)
    assert.equal((await one.succeeded(early)).counted, false)
    assert.equal((await one.failed(early)).counted, false)
    assert.equal((await one.getState('api'))?.state, 'half-open')
  })

  check('a withdrawn call frees its place', async (world) => {
    const [one, two] = await halfOpened(world)
    const permit = admitted(await one.admit('api', RESET))
    await one.withdrawn(permit)
    assert.equal((await one.succeeded(permit)).counted, false)
    admitted(await two.admit('api', RESET))
  })

  check('an isolated circuit stays open until it is reset, after every report and any time', async (world) => {
    const [one, two] = await halfOpened(world)
    const probe = admitted(await two.admit('api', RESET))
    await one.isolate('api')
    assert.equal((await two.succeeded(probe)).counted, false)
    await two.recordSuccess('api')
    await two.recordFailure('api', 100)
    world.clock.advance(1_000_000)
    assert.deepEqual(await two.admit('api', RESET), { admitted: false, state: 'open' })
    assert.equal((await two.getState('api'))?.state, 'open')
    await two.reset('api')
    assert.deepEqual(await one.getState('api'), { state: 'closed', failureCount: 0 })
    assert.equal((await one.admit('api', RESET)).admitted, true)
    await one.isolate('unknown')
    assert.equal((await two.admit('unknown', RESET)).admitted, false)
    await one.reset('unknown too')
    assert.equal((await two.admit('unknown too', RESET)).admitted, true)
  })

  check('the four published methods and admission work together', async (world) => {
    const { circuitBreaker: breaker } = await world.adapter()
    await breaker.setState('api', { state: 'open', failureCount: 3, lastFailureTime: 5 })
    world.clock.advance(999)
    await breaker.setState('api', { state: 'open', failureCount: 4 })
    assert.equal((await breaker.admit('api', RESET)).admitted, false)
    world.clock.advance(1)
    const probe = admitted(await breaker.admit('api', RESET))
    assert.equal(await breaker.recordFailure('api', 100), 5, 'a failure in half-open opens')
    assert.equal((await breaker.succeeded(probe)).counted, false)
    assert.equal((await breaker.admit('api', RESET)).admitted, false)
    await breaker.recordSuccess('api')
    const closed = admitted(await breaker.admit('api', RESET))
    await breaker.recordFailure('api', 1)
    world.clock.advance(1_000)
    const generations = [probe, closed, admitted(await breaker.admit('api', RESET))].map((permit) => permit.generation)
    assert.deepEqual(
      generations,
      [...new Set(generations)].toSorted((a, b) => a - b),
      'a period has its own',
    )
    await breaker.setState('api', { state: 'half-open', failureCount: 1 })
    admitted(await breaker.admit('api', RESET))
    assert.equal((await breaker.admit('api', RESET)).admitted, false)
  })

  for (const [title, sql] of [
    ['updates', 'UPDATE go_goscope_circuit SET state = ?2, failure_count = 9, updated_at = ?3 WHERE key = ?1'],
    [
      'replaces',
      'INSERT OR REPLACE INTO go_goscope_circuit (key, state, failure_count, updated_at) VALUES (?1, ?2, 9, ?3)',
    ],
  ] as const) {
    check.inFile(`a writer that knows only the published columns and ${title} begins a new period`, async (world) => {
      const { circuitBreaker: breaker } = await world.adapter()
      const write = (state: string) => world.rows(sql, ['circuit:api', state, world.clock.now()])
      const early = admitted(await breaker.admit('api', RESET))
      await breaker.recordFailure('api', 9)
      await write('open')
      const retryAt = world.clock.now() + 1_000
      assert.deepEqual(await breaker.admit('api', RESET), { admitted: false, state: 'open', retryAt })
      assert.equal((await breaker.succeeded(early)).counted, false)
      world.clock.advance(1_000)
      const probe = admitted(await breaker.admit('api', RESET))
      await write('open')
      assert.equal((await breaker.succeeded(probe)).counted, false)
      await write('closed')
      admitted(await breaker.admit('api', RESET))
    })
  }

  check('a clock that is set back does not keep a circuit open, or a place taken, for longer', async (world) => {
    const { circuitBreaker: breaker } = await world.adapter()
    const day = 86_400_000
    await breaker.recordFailure('api', 1)
    world.clock.jump(-day)
    assert.equal((await breaker.admit('api', RESET)).admitted, false)
    world.clock.advance(1_000)
    admitted(await breaker.admit('api', RESET))
    world.clock.jump(-day)
    assert.equal((await breaker.admit('api', RESET)).admitted, false)
    world.clock.advance(1_000)
    admitted(await breaker.admit('api', RESET))
  })

  check('bad arguments are refused by name', async (world) => {
    const { circuitBreaker: breaker } = await world.adapter()
    const bad = [
      [{ resetTimeout: -1 }, 'resetTimeout'],
      [{}, 'resetTimeout'],
      [undefined, 'resetTimeout'],
      [{ ...RESET, probes: 0 }, 'probes'],
      [{ ...RESET, lease: 0 }, 'lease'],
    ] as const
    for (const [options, word] of bad) {
      await refuses(() => breaker.admit('api', options as never), { code: 'INVALID_ARGUMENT', says: [word] })
    }
    const permit = admitted(await breaker.admit('api', RESET))
    await refuses(() => breaker.failed(permit, 0), { code: 'INVALID_ARGUMENT', says: ['maxFailures'] })
    await refuses(() => breaker.succeeded(permit, 0), { code: 'INVALID_ARGUMENT', says: ['successThreshold'] })
    await refuses(() => breaker.succeeded({} as never), { code: 'INVALID_ARGUMENT', says: ['permit'] })
    await refuses(() => breaker.admit('', RESET), { code: 'INVALID_KEY' })
  })
})
