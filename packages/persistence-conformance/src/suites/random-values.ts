import assert from 'node:assert/strict'
import type { AdapterUnderTest } from '../engine-under-test.js'
import { forAll } from '../property.js'
import { refuses } from '../refusal.js'
import { anySample } from '../samples/any-sample.js'
import { difference } from '../samples/difference.js'
import { make, type Sample } from '../samples/sample.js'
import { type EngineSuite, engineSuite } from '../suite.js'

type Way = readonly [write: (key: string, value: unknown) => Promise<unknown>, read: (key: string) => Promise<unknown>]

/** The ways to store a value and to read it again, the latter with `null` if there is none. */
function waysOf({ cache, checkpoint, idempotency }: AdapterUnderTest): Way[] {
  const saved = { taskId: 't', sequence: 1, timestamp: 1, progress: 0 }
  return [
    [(key, value) => cache.set(key, value), (key) => cache.get(key)],
    [
      (key, value) => cache.setMany([[`${key}:many`, value]]),
      async (key) => (await cache.getMany([`${key}:many`])).get(`${key}:many`) ?? null,
    ],
    [(key, value) => cache.getOrSet(`${key}:loaded`, () => value), (key) => cache.get(`${key}:loaded`)],
    [(key, value) => idempotency.set(key, value), async (key) => (await idempotency.get(key))?.value ?? null],
    [
      (id, data) => checkpoint.save({ ...saved, id, taskId: id, data }),
      async (id) => (await checkpoint.loadLatest(id))?.data ?? null,
    ],
  ]
}

/** Returns whether a message names one of the paths; the middle of a long one is omitted. */
function namesOneOf(paths: readonly string[], message: string): boolean {
  const shown = (path: string) => (path.length <= 120 ? path : `${path.slice(0, 60)}…${path.slice(-40)}`)
  return paths.some((path) =>
    message.includes(`cannot store the member ${shown(`.value${path}`).slice(1)} of the value: `),
  )
}

/** Stores a value in each way. What is refused says where, and stores nothing. */
async function storedOrRefused(ways: readonly Way[], key: string, sample: Sample): Promise<void> {
  // One object for all, so that the next call notices what a call has changed in it.
  const value = { value: make(sample.value) }
  for (const [write, read] of ways) {
    if (sample.refused.length === 0) {
      await write(key, value)
      assert.equal(difference(await read(key), { value: make(sample.kept) }), undefined)
      continue
    }
    const { message } = await refuses(() => write(key, value), { code: 'VALUE_NOT_SERIALIZABLE' })
    assert.ok(namesOneOf(sample.refused, message), `${message} should name one of ${sample.refused.join(', ')}`)
    assert.equal(await read(key), null, 'a value that is refused is not stored')
  }
}

export const randomValues: EngineSuite = engineSuite('random values', (check) => {
  check(
    'come back with every part that is kept, or are refused with the path to what cannot be stored',
    async (world) => {
      const adapter = await world.adapter()
      const ways = waysOf(adapter)
      let examples = 0
      await forAll(anySample, 150, async (sample) => {
        await storedOrRefused(ways, `k${examples++}`, sample)
      })
    },
  )

  check('the result of once comes back to later callers with every part that is kept', async (world) => {
    const { idempotency } = await world.adapter()
    let examples = 0
    await forAll(anySample, 50, async (sample) => {
      const key = `k${examples++}`
      const result = idempotency.once(key, () => ({ value: make(sample.value) }))
      if (sample.refused.length > 0) {
        const { message } = await refuses(() => result, { code: 'RESULT_NOT_STORED' })
        assert.ok(namesOneOf(sample.refused, message), message)
        return
      }
      await result
      const later = await idempotency.once(key, () => assert.fail('the work ran again'))
      assert.equal(difference(later, { value: make(sample.kept) }), undefined)
    })
  })
})
