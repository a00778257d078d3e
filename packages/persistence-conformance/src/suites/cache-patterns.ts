import assert from 'node:assert/strict'
import fc from 'fast-check'
import { forAll, someOf } from '../property.js'
import { matchesPattern } from '../reference/matches-pattern.js'
import { type EngineSuite, engineSuite } from '../suite.js'

const KEYS = [
  'a', 'A', 'ab', 'aB', 'a_b', 'axb', 'a%b', 'a[b]', 'a[x]', 'a\\b', 'a\\*', 'a*', 'a?', "it's", '"quoted"',
  'user:1', 'user:10', 'user:1:x', 'User:1', 'ü', 'u', 'ü1', '🙂', '🙂🙂', 'a🙂b', '\u{10FFFF}', 'a\u{10FFFF}b',
  '\uFFFF', '\uD7FF', '\uE000', ' ', '  ', 'line\nbreak', 'cache:x', 'x', 'x'.repeat(900),
] // biome-ignore format: a list to be scanned by eye

const PATTERNS = [
  '*', '%', '**', '?', '??', 'a*', 'a%', '*b', '%b', 'a?b', 'a_b', 'a[x]', 'a[*', 'a\\b', 'a\\*', "it's", '"*"', '*:1',
  'user:?', 'user:??', 'USER:*', 'ü*', '🙂', '🙂?', 'a?b', '?\u{10FFFF}*', '\u{10FFFF}', '\u{10FFFF}*', '\uFFFF*', '\uD7FF*', ' ',
  '*\n*', 'cache:*', '*x*', 'x*x', '*1*', '%_%', '[a]*',
] // biome-ignore format: a list to be scanned by eye

const PREFIXES = ['', 'app:', 'a_b:', '%', '*', '[', "'", 'cache:', '🙂', '\u{10FFFF}']

function changed(character: string, change: string | undefined): string {
  if (change === undefined || change === 'same') return character
  if (change === 'drop') return ''
  if (change !== 'case') return change
  return character === character.toLowerCase() ? character.toUpperCase() : character.toLowerCase()
}

export const cachePatterns: EngineSuite = engineSuite('cache patterns', (check) => {
  check('every pattern finds exactly the keys the rule says, with and without a prefix', async (world) => {
    for (const keyPrefix of PREFIXES) {
      const { cache } = await world.adapter({ keyPrefix })
      await cache.setMany(KEYS.map((key): [string, number] => [key, 1]))
      const patterns = someOf(PATTERNS)
      const found = await Promise.all(patterns.map((pattern) => cache.keys(pattern)))
      for (const [at, pattern] of patterns.entries()) {
        assert.deepEqual(
          found[at]?.toSorted(),
          KEYS.filter((key) => matchesPattern(pattern, key)).toSorted(),
          `keys(${JSON.stringify(pattern)}) with prefix ${JSON.stringify(keyPrefix)}`,
        )
      }
    }
  })

  check('random keys and patterns agree with the rule', async (world) => {
    const character = fc.constantFrom('a', 'A', 'b', 'B', '_', '%', '*', '?', '[', ']', '\\', "'", '🙂', 'ü', ':')
    const text = fc.string({ unit: character, minLength: 1, maxLength: 6 })
    // Most patterns are a slightly changed key: random ones would rarely match.
    const change = fc.constantFrom('same', 'same', 'same', '?', '*', '%', 'case', 'drop', '**')
    const changes = fc.array(change, { minLength: 6, maxLength: 6 })
    const prefix = fc.string({ unit: character, maxLength: 3 })
    const example = fc.record({ prefix, keys: fc.uniqueArray(text, { minLength: 1 }), changes, free: fc.option(text) })
    let run = 0
    await world.adapter()
    await forAll(example, 300, async ({ prefix, keys, changes, free }) => {
      const pattern =
        free ?? Array.from(keys[0] ?? '', (character, index) => changed(character, changes[index])).join('')
      const { cache } = await world.adapter({ keyPrefix: `${run++}${prefix}` })
      await cache.setMany(keys.map((key): [string, number] => [key, 1]))
      assert.deepEqual(
        (await cache.keys(pattern)).toSorted(),
        keys.filter((key) => matchesPattern(pattern, key)).toSorted(),
      )
    })
  })

  check('a hostile pattern is answered in time', async (world) => {
    const { cache } = await world.adapter()
    await cache.set('a'.repeat(1_000), 1)
    assert.deepEqual(await cache.keys(`${'a*'.repeat(200)}b`), [])
  })
})
