import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { AdapterUnderTest } from '../engine-under-test.js'
import { loadUnderWay } from '../load-under-way.js'
import { forAll } from '../property.js'
import { refuses, throwsRefusal } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'

type Cache = AdapterUnderTest['cache']

// Keys that patterns, LIKE, GLOB, or a comparison by another length or order would confuse.
const KEYS = [
  'a*b:1', 'aXb:2', 'a*', '50%:x', '50 off:x', 'a_b', 'axb', 'a?b', 'a[b]', 'a\\*', 'a', 'A', 'ä', '\u0001', '\u0001x',
  '\u0002', '\uFFFF', '\uFFFFx', '🙂', '🙂x', '\u{10FFFF}', '\u{10FFFF}\u{10FFFF}', '\u{10FFFF}a', '\uD7FF', '\uE000', 'cache:x',
] // biome-ignore format: a list to be scanned by eye

const STARTS = ['', 'a*b:', 'a*', '50%', 'a_', 'a?', 'a[', 'a\\', 'a', '\u0001', '\uFFFF', '🙂', '\u{10FFFF}', '\uD7FF', 'cache:', 'none'] // biome-ignore format: a list to be scanned by eye

const PREFIXES = ['', 'a*b:', '50%:', 'a_b', '\u0001', '\u{10FFFF}']

const byCodePoints = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other))

async function keysOf(cache: Cache, options?: Parameters<Cache['entries']>[0]): Promise<string[]> {
  const keys: string[] = []
  for await (const [key] of cache.entries(options)) keys.push(key)
  return keys
}

export const cachePrefixes: EngineSuite = engineSuite('cache prefixes', (check) => {
  check('startsWith is literal, in keys, entries and clear, under every prefix', async (world) => {
    const caches: Cache[] = []
    for (const keyPrefix of PREFIXES) caches.push((await world.adapter({ keyPrefix })).cache)
    const fill = (cache: Cache) => cache.setMany(KEYS.map((key): [string, string] => [key, key]))
    for (const cache of caches) await fill(cache)
    for (const cache of caches) {
      for (const startsWith of STARTS) {
        const expected = KEYS.filter((key) => key.startsWith(startsWith)).toSorted(byCodePoints)
        assert.deepEqual(await cache.keys({ startsWith }), expected, `keys of ${JSON.stringify(startsWith)}`)
        assert.deepEqual(await keysOf(cache, { startsWith }), expected, `entries of ${JSON.stringify(startsWith)}`)
        await cache.clear({ startsWith })
        const kept = KEYS.filter((key) => !expected.includes(key)).toSorted(byCodePoints)
        assert.deepEqual(await cache.keys({}), kept, `after clear of ${JSON.stringify(startsWith)}`)
        await fill(cache)
      }
    }
    for (const cache of caches) assert.equal((await cache.keys()).length, KEYS.length, 'another prefix lost keys')
  })

  check('random keys and starts agree with the rule', async (world) => {
    const text = (minLength: number) =>
      fc.string({
        unit: fc.constantFrom('a', 'b', '%', '*', '_', '\uFFFF', '🙂', '\u{10FFFF}'),
        minLength,
        maxLength: 3,
      })
    const example = fc.record({ keys: fc.uniqueArray(text(1), { minLength: 1, maxLength: 8 }), startsWith: text(0) })
    const { cache } = await world.adapter()
    await forAll(example, 60, async ({ keys, startsWith }) => {
      await cache.clear()
      await cache.setMany(keys.map((key): [string, number] => [key, 1]))
      const expected = keys.filter((key) => key.startsWith(startsWith)).toSorted(byCodePoints)
      assert.deepEqual(await keysOf(cache, { startsWith }), expected)
      assert.deepEqual(await cache.keys({ startsWith }), expected)
    })
  })

  check('entries returns unexpired entries with values, over many pages, also large ones', async (world) => {
    const { cache } = await world.adapter()
    const name = (index: number): string => `k${String(index).padStart(3, '0')}`
    await cache.setMany(Array.from({ length: 300 }, (_, index): [string, unknown] => [name(index), { index }]))
    await cache.setMany([[name(7), 'x'.repeat(100_000)]])
    await cache.set(name(8), 'gone', 10)
    await cache.set(name(9), undefined)
    world.clock.advance(11)
    const found = new Map<string, unknown>()
    for await (const [key, value] of cache.entries({ startsWith: 'k' })) found.set(key, value)
    assert.deepEqual(
      [...found.keys()],
      Array.from({ length: 300 }, (_, index) => name(index)).filter((key) => key !== name(8)),
    )
    assert.equal(found.get(name(7)), 'x'.repeat(100_000))
    assert.equal(found.get(name(9)), undefined)
    assert.deepEqual(found.get(name(299)), { index: 299 })
  })

  check('entries continues after a key, and returns as many as requested', async (world) => {
    const { cache } = await world.adapter({ keyPrefix: 'app:' })
    await cache.setMany(['a', 'ab', 'b', 'c', '\uFFFF', '🙂'].map((key): [string, number] => [key, 1]))
    assert.deepEqual(await keysOf(cache, { limit: 2 }), ['a', 'ab'])
    assert.deepEqual(await keysOf(cache, { after: 'ab', limit: 2 }), ['b', 'c'])
    assert.deepEqual(await keysOf(cache, { after: 'aa' }), ['ab', 'b', 'c', '\uFFFF', '🙂'], 'a key that is not there')
    assert.deepEqual(await keysOf(cache, { after: '\uFFFF' }), ['🙂'])
    assert.deepEqual(await keysOf(cache, { after: '🙂' }), [])
    assert.deepEqual(await keysOf(cache, { startsWith: 'b', after: 'a' }), ['b'])
    assert.deepEqual(await keysOf(cache, { startsWith: 'a', after: 'a' }), ['ab'])
  })

  check('touch changes the expiry and nothing else', async (world) => {
    const { cache } = await world.adapter()
    await cache.set('k', 'value', 100)
    assert.equal(await cache.touch('k', 1_000), true)
    world.clock.advance(999)
    assert.equal(await cache.get('k'), 'value')
    assert.equal(await cache.touch('k'), true)
    world.clock.advance(10 ** 9)
    assert.equal(await cache.get('k'), 'value')
    assert.equal(await cache.touch('k', 1), true)
    world.clock.advance(1)
    assert.equal(await cache.touch('k', 1_000), false, 'an entry that has expired stays so')
    assert.equal(await cache.has('k'), false)
    assert.equal(await cache.touch('absent', 1_000), false)
  })

  check('ttl returns the ms that are left', async (world) => {
    const { cache } = await world.adapter()
    await cache.set('k', 1, 100)
    await cache.set('for ever', 1)
    world.clock.advance(40)
    assert.equal(await cache.ttl('k'), 60)
    assert.equal(await cache.ttl('for ever'), Number.POSITIVE_INFINITY)
    assert.equal(await cache.ttl('absent'), null)
    world.clock.advance(60)
    assert.equal(await cache.ttl('k'), null)
  })

  check('a running load does not bring back an entry that clear removed', async (world) => {
    const { cache } = await world.adapter()
    for (const [startsWith, isCleared] of [
      ['\uFFFF', true],
      ['\uFFFFk', true],
      ['', true],
      ['\uFFFFl', false],
    ] as const) {
      const load = await loadUnderWay(cache, '\uFFFFk')
      await cache.clear({ startsWith })
      await load.endWith('loaded')
      assert.equal(await cache.has('\uFFFFk'), !isCleared, `clear of ${JSON.stringify(startsWith)}`)
      await cache.clear()
    }
  })

  check('a start that no key can have finds none, and invalid arguments are refused', async (world) => {
    const { cache } = await world.adapter()
    await cache.set('k', 1)
    assert.deepEqual(await cache.keys({ startsWith: '\uD800' }), [])
    await cache.clear({ startsWith: 'k\0' })
    assert.deepEqual(await keysOf(cache, { startsWith: '\uD800' }), [])
    assert.equal(await cache.has('k'), true)
    await refuses(() => cache.keys({ startsWith: 1 as never }), { code: 'INVALID_ARGUMENT', says: ['startsWith', '1'] })
    await refuses(() => cache.clear({ startsWith: null as never }), { code: 'INVALID_ARGUMENT', says: ['startsWith'] })
    await refuses(() => cache.clear({ startWith: 'k' } as never), { code: 'INVALID_ARGUMENT', says: ['did you mean'] })
    for (const limit of [0, 1.5, -1, '1', Number.NaN]) {
      throwsRefusal(() => cache.entries({ limit: limit as never }), { code: 'INVALID_ARGUMENT', says: ['limit'] })
    }
    throwsRefusal(() => cache.entries({ after: '' }), { code: 'INVALID_KEY', says: ['after'] })
    await refuses(() => cache.touch('k', 0), { code: 'INVALID_TTL', says: ['ttl'] })
    assert.equal(await cache.has('k'), true)
  })

  check.inFile('entries leaves out rows that cannot be decoded, and reports them', async (world) => {
    const reported: unknown[] = []
    const onDiagnostic = (event: { type: string }): void => {
      if (event.type === 'unreadable-row') reported.push(event)
    }
    const { cache } = await world.adapter({ onDiagnostic })
    await cache.setMany([
      ['a', 1],
      ['z', 2],
    ])
    const insert = 'INSERT INTO go_goscope_cache (key, value) VALUES'
    await world.rows(`${insert} ('cache:b', 'no json'), ('cache:c', x'00'), (CAST(x'63616368653A64FF' AS TEXT), '1')`)
    await world.rows(`${insert} (CAST(x'63616368653A6400' AS TEXT), '1'), (x'63616368653A65', '1'), (NULL, '1')`)
    assert.deepEqual(await keysOf(cache), ['a', 'z'])
    assert.equal(reported.length, 2)
  })
})
