import assert from 'node:assert/strict'
import type { CircuitBreakerPersistedState } from '@go-go-scope/persistence-core/ports'
import type { AdapterUnderTest } from '../engine-under-test.js'
import { eventually } from '../eventually.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'

const INTERVAL = 100

/** Lets `rounds` intervals pass, each with real time for reading the file. */
async function pass(world: World, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    world.clock.advance(INTERVAL)
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

/** Settles after the first read of a subscriber, which can be slow on a loaded server: calls keep their order. */
async function looked(breaker: Pick<AdapterUnderTest, 'getState'>): Promise<void> {
  await breaker.getState('api')
}

/** The number of timers per subscribed adapter that look for changes on the clock of the test. */
function looks({ engine }: World): number {
  return engine.hasOwner ? 0 : 1
}

export const breakerWatch: EngineSuite = engineSuite('changes made by other connections', (check) => {
  check('a subscriber is notified once of each change, by another connection or its own', async (world) => {
    const one = (await world.adapter({ watchInterval: INTERVAL })).circuitBreaker
    const two = (await world.second()).circuitBreaker
    await two.recordFailure('api', 5)
    const heard: CircuitBreakerPersistedState[] = []
    one.subscribe('api', (state) => heard.push(state))
    await pass(world, 2)
    assert.deepEqual(heard, [], 'what was there before is no change')
    await looked(one)
    await two.recordFailure('api', 2)
    await eventually('the first change is heard', () => {
      world.clock.advance(INTERVAL)
      return heard.length > 0
    })
    await pass(world, 3)
    assert.deepEqual(
      heard.map(({ state, failureCount }) => [state, failureCount]),
      [['open', 2]],
    )
    await one.recordSuccess('api')
    await pass(world, 3)
    assert.deepEqual(
      heard.map(({ state }) => state),
      ['open', 'closed'],
    )
    await two.isolate('api')
    await two.isolate('other')
    await eventually('the third change is heard', () => {
      world.clock.advance(INTERVAL)
      return heard.length === 3
    })
  })

  check('a subscriber is notified of a circuit that another connection creates', async (world) => {
    const one = (await world.adapter()).circuitBreaker
    const two = (await world.second()).circuitBreaker
    const heard: string[] = []
    one.subscribe('api', ({ state }) => heard.push(state))
    await pass(world, 2)
    await looked(one)
    await two.recordFailure('api', 1)
    await eventually('it is heard', () => {
      world.clock.advance(INTERVAL)
      return heard.length > 0
    })
    assert.deepEqual(heard, ['open'])
  })

  check('all subscribers are notified of a half-open period once, not of each probe', async (world) => {
    const one = (await world.adapter()).circuitBreaker
    const two = (await world.second()).circuitBreaker
    await one.recordFailure('api', 1)
    const heard: [string, string][] = []
    one.subscribe('api', ({ state }) => heard.push(['one', state]))
    two.subscribe('api', ({ state }) => heard.push(['two', state]))
    await pass(world, 11)
    await looked(one)
    await looked(two)
    const options = { resetTimeout: 1_000, probes: 2 }
    await two.admit('api', options)
    await pass(world, 2)
    await two.admit('api', options)
    await pass(world, 2)
    // A connection that the database notifies can receive the change before the connection that made it has its answer.
    assert.deepEqual(heard.sort(), [
      ['one', 'half-open'],
      ['two', 'half-open'],
    ])
  })

  check('only adapters with subscribers poll, at their interval, and the last unsubscribe ends it', async (world) => {
    const adapter = await world.adapter({ watchInterval: 50 })
    const idle = world.clock.pending
    const first = adapter.circuitBreaker.subscribe('api', () => undefined)
    const second = adapter.circuitBreaker.subscribe('api', () => undefined)
    const third = adapter.circuitBreaker.subscribe('other', () => undefined)
    await adapter.getState('api')
    await eventually('it looks', () => world.clock.pending === idle + looks(world))
    first()
    first()
    third()
    assert.equal(world.clock.pending, idle + looks(world), 'one still listens')
    second()
    assert.equal(world.clock.pending, idle)
    await adapter.recordFailure('api', 1)
    assert.equal(world.clock.pending, idle, 'it stays stopped')
    const again = adapter.circuitBreaker.subscribe('api', () => undefined)
    await adapter.getState('api')
    await eventually('it looks again', () => world.clock.pending === idle + looks(world))
    again()
  })

  check('disconnect ends the polling', async (world) => {
    const adapter = await world.adapter()
    const other = await world.adapter()
    const idle = world.clock.pending
    adapter.circuitBreaker.subscribe('api', () => undefined)
    await adapter.getState('api')
    await eventually('it looks', () => world.clock.pending === idle + looks(world))
    await adapter.disconnect()
    assert.equal(world.clock.pending, idle)
    assert.equal(other.isConnected(), true)
  })

  check('a subscription made before connect is notified too', async (world) => {
    const adapter = world.unconnected(await world.handle())
    const heard: string[] = []
    adapter.circuitBreaker.subscribe('api', ({ state }) => heard.push(state))
    await eventually('it has connected', () => adapter.isConnected())
    const two = (await world.second()).circuitBreaker
    await pass(world, 1)
    await looked(adapter)
    await two.recordFailure('api', 1)
    await eventually('it is heard', () => {
      world.clock.advance(INTERVAL)
      return heard.length === 1
    })
  })
})
