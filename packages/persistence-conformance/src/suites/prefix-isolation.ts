import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { AdapterUnderTest } from '../engine-under-test.js'
import { everywhere, readAll, writeAll } from '../every-store.js'
import { forAll } from '../property.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import { createWorld, type World } from '../world.js'

// Prefixes of each other, look-alikes for LIKE and GLOB, and words of the stored layout.
const PREFIXES = [
  '', 'a', 'a:', 'a:b:', 'A:', 'a_b:', 'axb:', 'A_B:', 'a%', 'a%b:', 'a[x]:', 'ax:', 'cache:', 'a:cache:', 'a:circuit:', 'circuit:',
  'cach', '🙂', '🙂:', '\u{10FFFF}', 'ü:', 'u\u0308:', '\u0001', '\u0002', '\u0001a\u0001', '\u00022:', "'", '"',
] // biome-ignore format: a list to be scanned by eye

async function adaptersOf(world: World, prefixes: readonly string[]): Promise<AdapterUnderTest[]> {
  const adapters = []
  for (const keyPrefix of prefixes) adapters.push(await world.adapter({ keyPrefix }))
  return adapters
}

export const prefixIsolation: EngineSuite = engineSuite('prefix isolation', (check) => {
  check('the same key in many prefixes is as many entries, in every store', async (world) => {
    const adapters = await adaptersOf(world, PREFIXES)
    for (const [index, adapter] of adapters.entries()) await writeAll(adapter, 'k', index + 1)
    for (const [index, adapter] of adapters.entries()) {
      assert.deepEqual(await readAll(adapter, 'k'), everywhere(index + 1), JSON.stringify(PREFIXES[index]))
      assert.deepEqual(await adapter.cache.keys(), ['k'], JSON.stringify(PREFIXES[index]))
    }
  })

  check('clear empties its own prefix and leaves every other', async (world) => {
    const adapters = await adaptersOf(world, PREFIXES)
    const keys = ['k', 'b:k', 'cache:k', '_', '%']
    for (const adapter of adapters) await adapter.cache.setMany(keys.map((key): [string, string] => [key, key]))
    for (const adapter of adapters) await adapter.idempotency.set('k', 1)
    for (const [index, adapter] of adapters.entries()) {
      await adapter.cache.clear()
      const left = await Promise.all(adapters.map(({ cache }) => cache.keys()))
      for (const [other, found] of left.entries()) {
        const expected = other <= index ? [] : keys.toSorted()
        const names = `${JSON.stringify(PREFIXES[other])} after clear of ${JSON.stringify(PREFIXES[index])}`
        assert.deepEqual(found.toSorted(), expected, names)
      }
    }
    for (const adapter of adapters) assert.equal((await adapter.idempotency.get('k'))?.value, 1)
  })

  check('pairs that read the same when joined do not share a row', async (world) => {
    const pairs = [['a:', 'b:c'], ['a:b:', 'c'], ['', 'a:b:c'], ['a', ':b:c'], ['a:cache:', 'k'], ['a:', 'cache:k'], ['cache:', 'k'], ['', 'cache:k'],
      ['', 'cache:cache:k'], ['cache:', 'cache:k'], ['a:circuit:', 'k'], ['a:', 'circuit:k'], ['\u0001', 'k'], ['', '\u0001k']] as const // biome-ignore format: pairs to be compared by eye
    const adapters = await adaptersOf(
      world,
      pairs.map(([prefix]) => prefix),
    )
    for (const [index, adapter] of adapters.entries()) await writeAll(adapter, pairs[index]?.[1] ?? '', index + 1)
    for (const [index, adapter] of adapters.entries()) {
      assert.deepEqual(
        await readAll(adapter, pairs[index]?.[1] ?? ''),
        everywhere(index + 1),
        JSON.stringify(pairs[index]),
      )
    }
  })

  check('no two random pairs of prefix and key ever share a row', async (world) => {
    const piece = fc.constantFrom('a', 'b', ':', 'cache:', 'circuit:', '\u0001', '\u0002', '2', '1', '🙂', '_')
    const text = (minLength: number) => fc.array(piece, { minLength, maxLength: 4 }).map((pieces) => pieces.join(''))
    const pair = fc.record({ prefix: text(0), key: text(1) })
    // Either one text cut at two positions, which is where two pairs could collide, or two independent pairs.
    const cut = fc
      .record({ whole: text(3), first: fc.nat({ max: 8 }), second: fc.nat({ max: 8 }) })
      .map(({ whole, first, second }) => {
        const at = (place: number) => ({
          prefix: whole.slice(0, place % whole.length),
          key: whole.slice(place % whole.length),
        })
        return [at(first), at(second)] as const
      })
    const wellFormed = fc
      .oneof({ weight: 3, arbitrary: cut }, { weight: 1, arbitrary: fc.tuple(pair, pair) })
      .filter(([one, two]) => one.prefix !== two.prefix || one.key !== two.key)
      .filter((pairs) => pairs.every(({ prefix, key }) => prefix.isWellFormed() && key.isWellFormed()))
    await forAll(wellFormed, 40, async ([one, two]) => {
      // How a prefix is stored may depend on which came first, so each example has its own file.
      const fresh = await createWorld(world.engine)
      try {
        const [first, second] = await adaptersOf(fresh, [one.prefix, two.prefix])
        assert.ok(first && second)
        await writeAll(first, one.key, 1)
        assert.deepEqual(await readAll(second, two.key), everywhere(null), 'the other sees it')
        await writeAll(second, two.key, 2)
        assert.deepEqual(await readAll(first, one.key), everywhere(1), 'the other overwrote it')
        await second.cache.clear()
        await second.checkpoint.deleteAll(two.key)
        await second.idempotency.delete(two.key)
        const kept = one.prefix === two.prefix ? { ...everywhere(1), cache: null } : everywhere(1)
        assert.deepEqual(await readAll(first, one.key), kept, 'the other removed it')
      } finally {
        await fresh.dispose()
      }
    })
  })

  check('a prefix finds its entries again after reopening, whichever prefix comes first', async (world) => {
    const order = ['a:b:', 'a:', '', 'cache:']
    const first = await adaptersOf(world, order)
    for (const [index, adapter] of first.entries()) await writeAll(adapter, 'k', index + 1)
    for (const keyPrefix of order.toReversed()) {
      const again = await world.second({ keyPrefix })
      assert.deepEqual(await readAll(again, 'k'), everywhere(order.indexOf(keyPrefix) + 1), JSON.stringify(keyPrefix))
    }
  })
})
