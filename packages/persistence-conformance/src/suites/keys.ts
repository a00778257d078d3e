import assert from 'node:assert/strict'
import fc from 'fast-check'
import { everywhere, readAll, writeAll } from '../every-store.js'
import { forAll } from '../property.js'
import { type EngineSuite, engineSuite } from '../suite.js'

const ODD_KEYS = [
  '_', '%', '[', ']', '*', '?', '\\', '\\%', "'", '"', '`', ';--', '$1', ':key', '@key', '?1', 'a_b', 'axb', 'A_B', 'a%',
  'a[x]', 'a*', 'k', 'K', 'ſ', 'İ', 'ı', 'ß', 'ẞ', 'é', 'e\u0301', '🙂', '\u{10FFFF}', '\uFFFF', '\uFFFD', '\uD7FF', '\uE000',
  ' ', ' k', 'k ', '\t', '\n', '\r\n', '0', '00', '-1', '1e3', '1.0', 'null', 'undefined', 'true', '__proto__', 'constructor',
  'toString', 'cache:', 'cache:k', 'circuit:k', '\u0001', '\u0002', '\u0001a\u0001b', 'x'.repeat(1_024), 'ü'.repeat(512),
] // biome-ignore format: a list to be scanned by eye

export const keys: EngineSuite = engineSuite('keys', (check) => {
  check('odd keys name one entry each, in every store', async (world) => {
    for (const keyPrefix of ['', 'app:']) {
      const adapter = await world.adapter({ keyPrefix })
      for (const [index, key] of ODD_KEYS.entries()) {
        await writeAll(adapter, key, index + 1)
      }
      for (const [index, key] of ODD_KEYS.entries()) {
        assert.deepEqual(await readAll(adapter, key), everywhere(index + 1), JSON.stringify(key))
        assert.deepEqual(
          (await adapter.checkpoint.list(key)).map(({ id, taskId, data }) => [id, taskId, data]),
          [[key, key, index + 1]],
        )
      }
      assert.deepEqual((await adapter.cache.keys()).toSorted(), ODD_KEYS.toSorted())
      assert.deepEqual([...(await adapter.cache.getMany(ODD_KEYS)).keys()].toSorted(), ODD_KEYS.toSorted())
    }
  })

  check('deleting one odd key deletes no other', async (world) => {
    const { cache, idempotency } = await world.adapter({ keyPrefix: 'app:' })
    await cache.setMany(ODD_KEYS.map((key): [string, number] => [key, 1]))
    for (const key of ODD_KEYS) await idempotency.set(key, 1)
    const left = new Set(ODD_KEYS)
    for (const key of ODD_KEYS) {
      await cache.delete(key)
      await idempotency.delete(key)
      left.delete(key)
      assert.deepEqual((await cache.keys()).toSorted(), [...left].toSorted(), `after ${JSON.stringify(key)}`)
    }
    assert.deepEqual(await world.rows('SELECT key FROM go_goscope_idempotency'), [])
  })

  check('odd keys are locked one by one', async (world) => {
    const { lock } = await world.adapter({ keyPrefix: 'app:' })
    for (const key of ODD_KEYS) assert.ok((await lock.acquire(key, 1_000)) !== null, JSON.stringify(key))
    for (const key of ODD_KEYS) assert.equal(await lock.acquire(key, 1_000), null, JSON.stringify(key))
  })

  check('calls return keys, never stored names', async (world) => {
    for (const keyPrefix of ['', 'app:', 'cache:', 'a_%[']) {
      const { cache } = await world.adapter({ keyPrefix })
      await cache.set('user:1', 1)
      assert.deepEqual(await cache.keys(), ['user:1'])
      assert.deepEqual(await cache.keys('user*'), ['user:1'])
      assert.deepEqual(await cache.keys('*user*'), ['user:1'])
      assert.deepEqual([...(await cache.getMany(['user:1'])).keys()], ['user:1'])
      assert.deepEqual(await cache.keys('*app*'), [])
      assert.deepEqual(await cache.keys('cache*'), [])
      await cache.clear()
    }
  })

  check('without odd prefixes, rows are named as published', async (world) => {
    const adapter = await world.adapter({ keyPrefix: 'app:' })
    await adapter.cache.set('k', 1)
    await adapter.idempotency.set('k', 1)
    await adapter.circuitBreaker.recordFailure('k', 1)
    assert.equal((await world.rows('SELECT key FROM go_goscope_cache'))[0]?.key, 'app:cache:k')
    assert.equal((await world.rows('SELECT key FROM go_goscope_idempotency'))[0]?.key, 'app:k')
    assert.equal((await world.rows('SELECT key FROM go_goscope_circuit'))[0]?.key, 'app:circuit:k')
  })

  check('random well-formed keys come back from keys()', async (world) => {
    let run = 0
    await world.adapter()
    const unit = fc.oneof(
      // Not fast-check's unit 'binary', which builds a table of a million entries.
      fc.nat({ max: 0x10ffff }).map((code) => String.fromCodePoint(code)),
      fc.constantFrom('\u{10FFFF}', '\u0001', '%', '_'),
    )
    const key = fc
      .string({ unit, minLength: 1, maxLength: 8 })
      .filter((text) => !text.includes('\0') && text.isWellFormed())
    await forAll(fc.uniqueArray(key, { maxLength: 20 }), 60, async (keys) => {
      const { cache } = await world.adapter({ keyPrefix: `${run++}:` })
      await Promise.all(keys.map((key) => cache.set(key, key)))
      assert.deepEqual((await cache.keys()).toSorted(), keys.toSorted())
      assert.deepEqual(await Promise.all(keys.map((key) => cache.get(key))), keys)
    })
  })
})
