import assert from 'node:assert/strict'
import type { AdapterUnderTest } from '../engine-under-test.js'
import { portNames } from '../port-names.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import { SOME_CHECKPOINT } from './store-calls.js'

type Flat = Record<string, (...args: unknown[]) => Promise<unknown>>

/** The adapter by its method names, as a host that knows only the ports calls it. */
const flat = (adapter: AdapterUnderTest): Flat => adapter as unknown as Flat

async function call(adapter: AdapterUnderTest, name: string, ...args: unknown[]): Promise<unknown> {
  const method = flat(adapter)[name]
  assert.equal(typeof method, 'function', `there is no method ${name}`)
  return method?.call(adapter, ...args)
}

export const flatMethods: EngineSuite = engineSuite('flat methods', (check) => {
  check('the lock port', async (world) => {
    const adapter = await world.adapter()
    const handle = await adapter.acquire('job', 1_000, 'a')
    assert.ok(handle !== null)
    assert.equal(await call(adapter, 'extend', 'job', 5_000, 'a'), true)
    assert.equal(await call(adapter, 'extend', 'job', 5_000, 'b'), false)
    await call(adapter, 'forceRelease', 'job')
    assert.equal(await handle.isValid(), false)
  })

  check('the breaker port', async (world) => {
    const adapter = await world.adapter()
    const heard: unknown[] = []
    const subscribe = (adapter as unknown as AdapterUnderTest['circuitBreaker']).subscribe
    const stop = subscribe.call(adapter, 'api', ({ state }) => heard.push(state))
    assert.equal(await call(adapter, 'recordFailure', 'api', 1), 1)
    await call(adapter, 'setState', 'api', { state: 'half-open', failureCount: 1 })
    stop()
    await call(adapter, 'recordSuccess', 'api')
    assert.equal((await adapter.getState('api'))?.state, 'closed')
    assert.deepEqual(heard, ['open', 'half-open'])
  })

  check('the cache port and what we add to it', async (world) => {
    const adapter = await world.adapter()
    await call(adapter, 'set', 'a', 1, 100)
    assert.equal(await call(adapter, 'get', 'a'), 1)
    assert.equal(await call(adapter, 'has', 'a'), true)
    await call(adapter, 'setMany', [
      ['b', 2],
      ['c', 3],
    ])
    assert.deepEqual(
      await call(adapter, 'getMany', ['b', 'c', 'd']),
      new Map([
        ['b', 2],
        ['c', 3],
      ]),
    )
    await call(adapter, 'deleteMany', ['c'])
    assert.equal(await call(adapter, 'getOrSet', 'd', () => 4), 4)
    assert.deepEqual((await adapter.cache.keys()).toSorted(), ['a', 'b', 'd'])
    await call(adapter, 'delete', 'd')
    world.clock.advance(101)
    assert.deepEqual(await call(adapter, 'keys', '?'), ['b'])
    await call(adapter, 'clear')
    assert.deepEqual(await adapter.cache.keys(), [])
  })

  check('the checkpoint port', async (world) => {
    const adapter = await world.adapter()
    await call(adapter, 'save', SOME_CHECKPOINT)
    assert.deepEqual(await call(adapter, 'load', 'c'), SOME_CHECKPOINT)
    assert.deepEqual(await call(adapter, 'loadLatest', 't'), SOME_CHECKPOINT)
    assert.deepEqual(await call(adapter, 'list', 't'), [SOME_CHECKPOINT])
    await call(adapter, 'cleanup', 't', 0)
    await call(adapter, 'deleteAll', 't')
    assert.deepEqual(await adapter.checkpoint.list('t'), [])
  })

  check('the members are the providers record that a scope takes', async (world) => {
    const adapter = await world.adapter()
    for (const port of portNames) {
      assert.equal(typeof adapter[port], 'object', port)
      assert.equal(adapter[port], adapter[port], `${port} is one object`)
    }
  })
})
