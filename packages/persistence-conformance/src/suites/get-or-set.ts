import assert from 'node:assert/strict'
import { eventually } from '../eventually.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'

export const getOrSet: EngineSuite = engineSuite('getOrSet', (check) => {
  check('getOrSet loads an absent key, stores it with its ttl, and does not load a cached one', async (world) => {
    const { cache } = await world.adapter()
    let loads = 0
    const load = async () => ++loads
    assert.equal(await cache.getOrSet('k', load, { ttl: 100 }), 1)
    assert.equal(await cache.getOrSet('k', load, { ttl: 100 }), 1)
    assert.equal(await cache.get('k'), 1)
    world.clock.advance(101)
    assert.equal(await cache.getOrSet('k', load), 2)
    world.clock.advance(10 ** 9)
    assert.equal(await cache.getOrSet('k', load), 2)
  })

  check('concurrent callers share one load per key', async (world) => {
    const { cache } = await world.adapter()
    const loads: string[] = []
    const load = (key: string) => async () => {
      loads.push(key)
      return { from: key }
    }
    const values = await Promise.all(['a', 'b', 'a', 'a', 'b'].map((key) => cache.getOrSet(key, load(key))))
    assert.deepEqual(values, [{ from: 'a' }, { from: 'b' }, { from: 'a' }, { from: 'a' }, { from: 'b' }])
    assert.deepEqual(loads.toSorted(), ['a', 'b'])
  })

  check('adapters on one handle and prefix share the load, other prefixes do not', async (world) => {
    const one = await world.adapter({ keyPrefix: 'app:' })
    const two = await world.adapter({ keyPrefix: 'app:' })
    const stranger = await world.adapter({ keyPrefix: 'other:' })
    let loads = 0
    const load = async () => ++loads
    const [first, second] = await Promise.all([one.cache.getOrSet('k', load), two.cache.getOrSet('k', load)])
    assert.deepEqual([first, second, loads], [1, 1, 1])
    assert.equal(await stranger.cache.getOrSet('k', load), 2)
  })

  check('a failed load rejects all waiters, stores nothing, and the next caller loads again', async (world) => {
    const { cache } = await world.adapter()
    const failure = new Error('no answer')
    const failing = async () => {
      throw failure
    }
    const results = await Promise.allSettled([cache.getOrSet('k', failing), cache.getOrSet('k', failing)])
    for (const result of results) assert.ok(result.status === 'rejected' && result.reason === failure)
    assert.equal(await cache.has('k'), false)
    assert.equal(await cache.getOrSet('k', async () => 'fine'), 'fine')
  })

  check('a loader may be synchronous, and may throw synchronously', async (world) => {
    const { cache } = await world.adapter()
    assert.equal(await cache.getOrSet('k', () => 7), 7)
    const failure = new Error('at once')
    const throwing = () => {
      throw failure
    }
    await assert.rejects(async () => cache.getOrSet('other', throwing), failure)
  })

  check('a loaded null is cached', async (world) => {
    const { cache } = await world.adapter()
    let loads = 0
    const load = async () => {
      loads++
      return null
    }
    assert.equal(await cache.getOrSet('k', load), null)
    assert.equal(await cache.getOrSet('k', load), null)
    assert.equal(loads, 1)
  })

  check('a loader may use the cache itself, another key of it too', async (world) => {
    const { cache } = await world.adapter()
    const value = await cache.getOrSet('outer', async () => {
      await cache.set('side', 1)
      return (await cache.getOrSet('inner', async () => 20)) + 1
    })
    assert.equal(value, 21)
    assert.deepEqual((await cache.keys()).toSorted(), ['inner', 'outer', 'side'])
  })

  check('a loaded value that cannot be stored is refused and nothing is stored', async (world) => {
    const { cache } = await world.adapter()
    await refuses(() => cache.getOrSet('k', async () => () => 1), { code: 'VALUE_NOT_SERIALIZABLE' })
    assert.equal(await cache.has('k'), false)
  })

  check('the last caller that gives up stops the load, and the next one loads again', async (world) => {
    const { cache } = await world.adapter()
    const loads: AbortSignal[] = []
    const load = ({ signal }: { signal: AbortSignal }) =>
      new Promise<string>((_, fail) => {
        loads.push(signal)
        signal.addEventListener('abort', fail)
      })
    const callers = [new AbortController(), new AbortController()]
    const calls = callers.map(({ signal }) => cache.getOrSet('k', load, { signal }))
    await eventually('it loads', () => loads.length > 0)
    for (const [at, caller] of callers.entries()) {
      assert.equal(loads[0]?.aborted, false)
      caller.abort(at)
      await assert.rejects(calls[at] as Promise<string>, (reason) => reason === at)
    }
    assert.equal(await cache.getOrSet('k', () => 'again'), 'again')
  })

  check('a bad key or ttl is refused before anything is loaded', async (world) => {
    const { cache } = await world.adapter()
    let loads = 0
    const load = async () => ++loads
    await refuses(() => cache.getOrSet('', load), { code: 'INVALID_KEY' })
    await refuses(() => cache.getOrSet('k', load, { ttl: 0 }), { code: 'INVALID_TTL' })
    for (const options of [null, 5]) {
      await refuses(() => cache.getOrSet('k', load, options as never), { code: 'INVALID_ARGUMENT', says: ['options'] })
    }
    assert.equal(loads, 0)
  })
})
