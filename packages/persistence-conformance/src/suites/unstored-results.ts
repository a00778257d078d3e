import assert from 'node:assert/strict'
import type { IdempotencyUnderTest } from '../engine-under-test.js'
import { held } from '../held.js'
import { type Refusal, refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'

const LEASE = { lease: 1_000 }
const NOT_STORED = 'RESULT_NOT_STORED'

class Receipt {
  readonly id = 7
}

const UNSTORABLE: readonly (readonly [what: string, value: unknown, cause: string, says: string])[] = [
  ['a function', () => 1, 'VALUE_NOT_SERIALIZABLE', 'the value'],
  ['a member deep inside', { card: [{ charge: () => 1 }] }, 'VALUE_NOT_SERIALIZABLE', 'card[0].charge'],
  ['an instance of a class', new Receipt(), 'VALUE_NOT_SERIALIZABLE', 'the value'],
  ['too large a text', 'x'.repeat(2_000), 'VALUE_TOO_LARGE', 'maxValueSize'],
]

async function completeWith(store: IdempotencyUnderTest, key: string, options = {}): Promise<Refusal> {
  const claim = held(await store.claim<unknown>(key, { ...LEASE, ...options }))
  return refuses(() => claim.complete(() => 1), { code: NOT_STORED, says: [JSON.stringify(key)] })
}

export const unstoredResults: EngineSuite = engineSuite('results that cannot be stored', (check) => {
  for (const [what, value, cause, says] of UNSTORABLE) {
    check(`${what}: the key is completed without a value, and every later caller gets the error`, async (world) => {
      const one = (await world.adapter({ maxValueSize: 1_000 })).idempotency
      const two = (await world.second({ maxValueSize: 1_000 })).idempotency
      for (const options of [LEASE, { ...LEASE, fingerprint: 'mine' }]) {
        const key = `k ${Object.keys(options).length}`
        const claim = held(await one.claim<unknown>(key, options))
        const first = await refuses(() => claim.complete(value), {
          code: NOT_STORED,
          says: [JSON.stringify(key), says],
        })
        assert.equal((first.cause as Refusal).code, cause)
        assert.equal(claim.signal.aborted, false, 'the claim was not lost')
        world.clock.advance(5_000)
        for (const store of [one, two]) {
          for (const call of [() => store.claim(key, options), () => store.get(key)]) {
            const later = await refuses(call, { code: NOT_STORED, says: [JSON.stringify(key), says] })
            assert.equal((later.cause as Refusal).code, cause)
          }
        }
        assert.deepEqual(await world.rows('SELECT key FROM go_goscope_claims'), [])
      }
    })
  }

  check('callers that wait for the key get the error at once, without the clock moving', async (world) => {
    const { idempotency } = await world.adapter()
    const claim = held(await idempotency.claim<unknown>('k', LEASE))
    const waiting = Array.from({ length: 3 }, () =>
      refuses(() => idempotency.claim('k', { ...LEASE, wait: 500 }), { code: NOT_STORED }),
    )
    await refuses(() => claim.complete(Symbol('receipt')), { code: NOT_STORED })
    await Promise.all(waiting)
  })

  check('the mark lasts as long as the result would have, and is swept like one', async (world) => {
    const { idempotency } = await world.adapter()
    await completeWith(idempotency, 'k', { ttl: 5_000, fingerprint: 'mine' })
    world.clock.advance(4_999)
    await refuses(() => idempotency.claim('k', LEASE), { code: NOT_STORED })
    world.clock.advance(1)
    assert.equal(await idempotency.get('k'), null)
    assert.equal(await idempotency.prune(), 1)
    assert.deepEqual(await world.rows('SELECT key FROM go_goscope_claim_records'), [])
    held(await idempotency.claim('k', { ...LEASE, fingerprint: 'another' }))
  })

  check('delete frees the key, and set gives it a value', async (world) => {
    const { idempotency } = await world.adapter()
    for (const key of ['deleted', 'set']) await completeWith(idempotency, key, { fingerprint: 'mine' })
    await idempotency.delete('deleted')
    held(await idempotency.claim('deleted', LEASE))
    await idempotency.set('set', { id: 7 })
    assert.deepEqual(await idempotency.get('set'), { value: { id: 7 } })
    assert.deepEqual(await idempotency.claim('set', LEASE), { state: 'completed', value: { id: 7 }, replay: true })
  })

  check('another fingerprint is refused as for any result', async (world) => {
    const { idempotency } = await world.adapter()
    await completeWith(idempotency, 'k', { fingerprint: 'theirs' })
    const mismatch = { code: 'FINGERPRINT_MISMATCH', says: ['completed'] }
    const error = await refuses(() => idempotency.claim('k', { ...LEASE, fingerprint: 'mine' }), mismatch)
    const { record } = error as unknown as { record: { state: string; error: Refusal } }
    assert.deepEqual([record.state, record.error.code], ['unstored', NOT_STORED])
  })

  check('a late report ends the key, unless another caller has claimed it', async (world) => {
    const { idempotency } = await world.adapter()
    const alone = held(await idempotency.claim<unknown>('alone', LEASE))
    const late = held(await idempotency.claim<unknown>('k', LEASE))
    world.clock.advance(1_000)
    await refuses(() => alone.complete(() => 1), { code: NOT_STORED })
    await refuses(() => idempotency.claim('alone', LEASE), { code: NOT_STORED })
    await held(await idempotency.claim<unknown>('k', LEASE)).fail('no')
    assert.deepEqual(await late.complete(() => 1), { recorded: false, current: { state: 'vacant' } })
    const overtaken = held(await idempotency.claim<unknown>('k', LEASE))
    world.clock.advance(1_000)
    await completeWith(idempotency, 'k', { ttl: 9_000 })
    const outcome = await overtaken.complete(1)
    assert.ok(!outcome.recorded && outcome.current.state === 'unstored')
    assert.equal((outcome.current.error as Refusal).code, NOT_STORED)
    assert.equal(outcome.current.expiresAt, world.clock.now() + 9_000)
  })

  check('a failure to keep ends the key too, and one to forget frees it', async (world) => {
    const { idempotency } = await world.adapter()
    const kept = held(await idempotency.claim('kept', { ...LEASE, onFailure: 'keep' }))
    const cause = { declined: () => 1 }
    await refuses(() => kept.fail(cause), { code: NOT_STORED, says: ['"kept"', 'its error', 'declined'] })
    await refuses(() => idempotency.claim('kept', LEASE), { code: NOT_STORED, says: ['its error', 'declined'] })
    await held(await idempotency.claim('forgotten', LEASE)).fail(cause)
    held(await idempotency.claim('forgotten', LEASE))
  })

  check('no text of any codec is taken for the mark, and the mark needs no codec', async (world) => {
    const first = (await world.adapter()).idempotency
    await completeWith(first, 'k')
    const [row] = await world.rows('SELECT CAST(value AS TEXT) AS text FROM go_goscope_idempotency')
    const codec = { encode: (value: unknown) => String(value), decode: (text: string) => `decoded ${text}` }
    const { idempotency } = await world.second({ codec })
    await refuses(() => idempotency.get('k'), { code: NOT_STORED })
    await idempotency.set('forged', row?.text)
    assert.deepEqual(await idempotency.get('forged'), { value: `decoded ${String(row?.text)}` })
  })

  check.inFile(
    'hosts that read the column as JSON find no second element, and what they store replaces it',
    async (world) => {
      const { idempotency } = await world.adapter()
      await completeWith(idempotency, 'k', { fingerprint: 'mine' })
      const [row] = await world.rows('SELECT CAST(value AS TEXT) AS text FROM go_goscope_idempotency')
      const stored: unknown = JSON.parse(String(row?.text))
      assert.ok(Array.isArray(stored) && stored[1] === undefined)
      await world.rows("INSERT OR REPLACE INTO go_goscope_idempotency (key, value) VALUES ('k', '[null,5]')")
      assert.deepEqual(await idempotency.get('k'), { value: [null, 5] })
    },
  )
})
