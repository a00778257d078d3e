import assert from 'node:assert/strict'
import type { AdapterUnderTest } from '../engine-under-test.js'
import { eventually } from '../eventually.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'

type Cache = AdapterUnderTest['cache']

const STALE = { ttl: 100, staleWhileRevalidate: 50 }

class Loader {
  loads = 0
  #end: ((value: string) => void) | undefined
  #fail: ((error: unknown) => void) | undefined

  readonly load = (): Promise<string> => {
    this.loads++
    return new Promise((resolve, reject) => {
      this.#end = resolve
      this.#fail = reject
    })
  }

  async endWith(value: string): Promise<void> {
    await this.#begun()
    this.#end?.(value)
  }

  async failWith(error: unknown): Promise<void> {
    await this.#begun()
    this.#fail?.(error)
  }

  #begun(): Promise<void> {
    return eventually('it loads', () => this.loads > 0)
  }
}

async function stored(cache: Cache, value: string): Promise<void> {
  for (const end = performance.now() + 10_000; (await cache.get('k')) !== value; ) {
    assert.ok(performance.now() < end, `${value} was never stored`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

export const getOrSetStale: EngineSuite = engineSuite('getOrSet of stale values', (check) => {
  check('a value that may be stale for ever is returned and reloaded after its ttl', async (world) => {
    const { cache } = await world.adapter()
    for (const staleWhileRevalidate of [Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER]) {
      await cache.delete('k')
      const options = { ttl: 100, staleWhileRevalidate }
      assert.equal(await cache.getOrSet('k', () => 'old', options), 'old')
      world.clock.advance(1_000_000)
      assert.equal(await cache.getOrSet('k', () => 'new', options), 'old')
      await stored(cache, 'new')
    }
  })

  check('a ttl may depend on the value, and stores nothing from 0 down', async (world) => {
    const { cache } = await world.adapter()
    const ttls = { short: 10, none: 0, over: -1, ever: undefined }
    const ttl = (value: keyof typeof ttls): number | undefined => ttls[value]
    const keys = Object.keys(ttls) as (keyof typeof ttls)[]
    for (const key of keys) assert.equal(await cache.getOrSet(key, () => key, { ttl }), key)
    assert.deepEqual(await Promise.all(keys.map((key) => cache.ttl(key))), [10, null, null, Number.POSITIVE_INFINITY])
  })

  check(
    'a ttl that cannot be used, or a function that throws, reaches the caller and stores nothing',
    async (world) => {
      const { cache } = await world.adapter()
      const failure = new Error('no ttl')
      const refused = (ttl: () => unknown, says: string) =>
        refuses(() => cache.getOrSet('k', () => 1, { ttl: ttl as never }), { code: 'INVALID_TTL', says: [says] })
      await refused(() => Number.NaN, 'NaN')
      await refused(() => null, 'null')
      // An unhandled rejection would end the run.
      await refused(() => Promise.reject(failure), 'promise')
      const failing = cache.getOrSet('k', () => 1, {
        ttl: () => {
          throw failure
        },
      })
      await assert.rejects(failing, failure)
      assert.equal(await cache.has('k'), false)
    },
  )

  check('a stale value is returned at once, and reloaded in the background', async (world) => {
    const { cache } = await world.adapter()
    await cache.getOrSet('k', () => 'old', STALE)
    assert.equal(await cache.ttl('k'), 150)
    // What a load in the background throws reaches no caller, so the loads are counted.
    const early = new Loader()
    world.clock.advance(99)
    assert.equal(await cache.getOrSet('k', early.load, STALE), 'old')
    await turns(20)
    world.clock.advance(1)
    const refresh = new Loader()
    assert.equal(await cache.getOrSet('k', refresh.load, STALE), 'old')
    await refresh.endWith('new')
    await stored(cache, 'new')
    assert.equal(await cache.ttl('k'), 150)
    assert.equal(await cache.getOrSet('k', early.load, STALE), 'new')
    await turns(20)
    assert.equal(early.loads, 0, 'it was loaded while it was fresh')
  })

  check('one refresh of a key runs at a time, for all callers of a handle', async (world) => {
    const one = await world.adapter()
    const two = await world.adapter()
    await one.cache.getOrSet('k', () => 'old', STALE)
    world.clock.advance(100)
    const refresh = new Loader()
    const ask = ({ cache }: AdapterUnderTest) => cache.getOrSet('k', refresh.load, STALE)
    const values = await Promise.all([one, two, one, two, one].map(ask))
    assert.deepEqual(values, Array(5).fill('old'))
    assert.equal(await ask(two), 'old')
    await refresh.endWith('new')
    await stored(one.cache, 'new')
    assert.equal(await ask(two), 'new')
    assert.equal(refresh.loads, 1)
  })

  check('a caller that comes after the stale time waits for the running refresh', async (world) => {
    const { cache } = await world.adapter()
    await cache.getOrSet('k', () => 'old', STALE)
    world.clock.advance(100)
    const refresh = new Loader()
    assert.equal(await cache.getOrSet('k', refresh.load, STALE), 'old')
    await eventually('it loads', () => refresh.loads === 1)
    world.clock.advance(50)
    const waiting = cache.getOrSet('k', () => assert.fail('a second load'), STALE)
    await turns(3)
    await refresh.endWith('new')
    assert.equal(await waiting, 'new')
    await stored(cache, 'new')
  })

  check('a refresh that fails is reported, keeps the value, and the next caller begins another', async (world) => {
    const reported: { operation?: string; error?: unknown }[] = []
    const onDiagnostic = (event: { type: string }): void => {
      if (event.type === 'listener-error') reported.push(event as never)
    }
    const { cache } = await world.adapter({ onDiagnostic })
    await cache.getOrSet('k', () => 'old', STALE)
    world.clock.advance(120)
    const failing = new Loader()
    assert.equal(await cache.getOrSet('k', failing.load, STALE), 'old')
    const failure = new Error('upstream is down')
    await failing.failWith(failure)
    await eventually('it is reported', () => reported.length === 1)
    const [{ operation, error } = {}] = reported
    assert.equal(operation, 'cache.getOrSet')
    assert.equal(error, failure)
    const refresh = new Loader()
    assert.equal(await cache.getOrSet('k', refresh.load, STALE), 'old')
    await refresh.endWith('new')
    await stored(cache, 'new')
  })

  check('a refresh never overwrites a later write, nor brings back a removed entry', async (world) => {
    const one = await world.adapter()
    const two = await world.second()
    const meanwhile: [string | null, (cache: Cache) => Promise<unknown>][] = [
      ['written', (cache) => cache.set('k', 'written')],
      ['old', (cache) => cache.set('k', 'old', 60_000)],
      [null, (cache) => cache.delete('k')],
      [null, (cache) => cache.clear({ startsWith: 'k' })],
    ]
    for (const writer of [one, two]) {
      for (const [expected, write] of meanwhile) {
        await one.cache.delete('k')
        await one.cache.getOrSet('k', () => 'old', STALE)
        world.clock.advance(100)
        const refresh = new Loader()
        await one.cache.getOrSet('k', refresh.load, STALE)
        await eventually('it loads', () => refresh.loads === 1)
        await write(writer.cache)
        await refresh.endWith('loaded')
        await turns(20)
        assert.equal(await one.cache.get('k'), expected)
      }
    }
  })

  check('a load may ask for a stale value whose refresh asks for what is being loaded', async (world) => {
    const { cache } = await world.adapter()
    await cache.getOrSet('k', () => 'old', STALE)
    world.clock.advance(100)
    const outer = await cache.getOrSet('outer', async () => {
      const inner = await cache.getOrSet('k', async () => `new with ${await cache.getOrSet('outer', () => '')}`, STALE)
      await turns(3)
      return `outer with ${inner}`
    })
    assert.equal(outer, 'outer with old')
    await stored(cache, 'new with outer with old')
  })

  check('a stale time without a ttl is refused, and so is an invalid one', async (world) => {
    const { cache } = await world.adapter()
    await refuses(() => cache.getOrSet('k', () => 1, { staleWhileRevalidate: 10 }), {
      code: 'INVALID_ARGUMENT',
      says: ['staleWhileRevalidate', 'ttl'],
    })
    await refuses(() => cache.getOrSet('k', () => 1, { ttl: 1, staleWhileRevalidate: -1 }), {
      code: 'INVALID_TTL',
      says: ['staleWhileRevalidate', '-1'],
    })
    assert.equal(await cache.has('k'), false)
  })
})
