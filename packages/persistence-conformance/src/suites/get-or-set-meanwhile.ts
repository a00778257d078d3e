import assert from 'node:assert/strict'
import type { AdapterUnderTest } from '../engine-under-test.js'
import { loadUnderWay } from '../load-under-way.js'
import { type EngineSuite, engineSuite } from '../suite.js'

type Cache = AdapterUnderTest['cache']

const WRITES: readonly [string, (cache: Cache) => Promise<unknown>][] = [
  ['set', (cache) => cache.set('k', 'written')],
  [
    'setMany',
    (cache) =>
      cache.setMany([
        ['other', 'written'],
        ['k', 'written'],
      ]),
  ],
]

const REMOVALS: readonly [string, (cache: Cache) => Promise<unknown>][] = [
  ['delete', (cache) => cache.delete('k')],
  ['deleteMany', (cache) => cache.deleteMany(['other', 'k'])],
  ['clear', (cache) => cache.clear()],
]

export const getOrSetMeanwhile: EngineSuite = engineSuite('getOrSet and concurrent calls', (check) => {
  check('a load never overwrites what was written after it began, by whichever connection', async (world) => {
    const one = await world.adapter()
    for (const writer of [one, await world.adapter(), await world.second()]) {
      for (const [name, write] of WRITES) {
        await one.cache.delete('k')
        const load = await loadUnderWay(one.cache, 'k', 1_000)
        await write(writer.cache)
        assert.equal(await load.endWith('loaded'), 'loaded', 'its caller gets what it loaded')
        assert.equal(await one.cache.get('k'), 'written', name)
        world.clock.advance(1_001)
        assert.equal(await one.cache.get('k'), 'written', `${name}: the ttl is the writer’s, too`)
      }
    }
  })

  check('a loaded value replaces an entry that expired meanwhile', async (world) => {
    const one = await world.adapter()
    const two = await world.second()
    const load = await loadUnderWay(one.cache, 'k')
    await two.cache.set('k', 'short', 100)
    world.clock.advance(100)
    await load.endWith('loaded')
    assert.equal(await one.cache.get('k'), 'loaded')
  })

  check(
    'an adapter that is disconnected during a load refuses to store what it loaded, for getOrSet',
    async (world) => {
      const one = await world.adapter()
      const load = await loadUnderWay(one.cache, 'k')
      await one.disconnect()
      await assert.rejects(load.endWith('loaded'), { code: 'CLOSED', operation: 'cache.getOrSet' })
    },
  )

  check(
    'a caller that asks after a write or removal on the handle gets nothing that was loaded before it',
    async (world) => {
      const one = await world.adapter()
      const twin = await world.adapter()
      for (const writer of [one, twin]) {
        for (const [name, remove] of REMOVALS) {
          await one.cache.delete('k')
          const load = await loadUnderWay(one.cache, 'k')
          // Not awaited: a later call is ordered after it even so.
          const removed = remove(writer.cache)
          assert.equal(await one.cache.getOrSet('k', async () => 'fresh'), 'fresh', name)
          await load.endWith('stale')
          assert.equal(await twin.cache.get('k'), 'fresh', name)
          await removed
        }
        for (const [name, write] of WRITES) {
          await one.cache.delete('k')
          const load = await loadUnderWay(one.cache, 'k')
          await write(writer.cache)
          assert.equal(await twin.cache.getOrSet('k', async () => 'fresh'), 'written', name)
          await load.endWith('stale')
        }
      }
    },
  )

  check('a value loaded before a removal on the handle is not stored after it', async (world) => {
    const one = await world.adapter()
    const twin = await world.adapter()
    for (const remover of [one, twin]) {
      for (const [name, remove] of REMOVALS) {
        const load = await loadUnderWay(one.cache, 'k')
        await remove(remover.cache)
        assert.equal(await load.endWith('stale'), 'stale')
        assert.equal(await one.cache.has('k'), false, name)
      }
    }
  })

  check('a write of another key, and clear of another prefix, do not affect a load', async (world) => {
    const { cache } = await world.adapter({ keyPrefix: 'app:' })
    const stranger = await world.adapter({ keyPrefix: 'app' })
    const load = await loadUnderWay(cache, 'k')
    await Promise.all([cache.set('kk', 1), cache.delete('K'), stranger.cache.set('k', 1), stranger.cache.clear()])
    const second = cache.getOrSet('k', () => assert.fail('it shares the load'))
    await load.endWith('loaded')
    assert.equal(await second, 'loaded')
    assert.equal(await cache.get('k'), 'loaded')
  })

  check('many loads that end at once store only absent or expired keys', async (world) => {
    const one = await world.adapter()
    const two = await world.second()
    const keys = Array.from({ length: 60 }, (_, index) => `k${index}`)
    const loads = await Promise.all(keys.map((key) => loadUnderWay(one.cache, key)))
    await two.cache.setMany(keys.filter((_, index) => index % 3 === 0).map((key) => [key, 'written'] as const))
    await two.cache.setMany(
      keys.filter((_, index) => index % 3 === 1).map((key) => [key, 'short'] as const),
      100,
    )
    world.clock.advance(100)
    await Promise.all(loads.map((load, index) => load.endWith(`loaded ${index}`)))
    for (const [index, key] of keys.entries()) {
      assert.equal(await two.cache.get(key), index % 3 === 0 ? 'written' : `loaded ${index}`, key)
    }
  })

  check('a loaded value replaces a row that cannot be read, unless the row was written meanwhile', async (world) => {
    const one = await world.adapter()
    const two = await world.second()
    const spoil = () => world.rows("UPDATE go_goscope_cache SET value = '{' WHERE key = 'cache:k'")
    await one.cache.set('k', 1)
    await spoil()
    assert.equal(await one.cache.getOrSet('k', async () => 'loaded'), 'loaded')
    assert.equal(await two.cache.get('k'), 'loaded')
    await spoil()
    const load = await loadUnderWay(one.cache, 'k')
    await two.cache.set('k', 'written')
    await load.endWith('loaded')
    assert.equal(await one.cache.get('k'), 'written')
  })

  check('a load that writes its own key keeps what it wrote', async (world) => {
    const { cache } = await world.adapter()
    const answer = await cache.getOrSet('k', async () => {
      await cache.set('k', 'written')
      return 'loaded'
    })
    assert.deepEqual([answer, await cache.get('k')], ['loaded', 'written'])
  })
})
