import assert from 'node:assert/strict'
import type { Claim } from '@go-go-scope/persistence-core/ports'
import { held } from '../held.js'
import { realTimers } from '../real-timers.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'

const LEASE = { lease: 1_000 }

export const claims: EngineSuite = engineSuite('claims', (check) => {
  check(
    'a free key is claimed, others find it running, and its result is replayed on every connection',
    async (world) => {
      const one = (await world.adapter()).idempotency
      const two = (await world.second()).idempotency
      const claim = held(await one.claim('pay', LEASE))
      const until = world.clock.now() + 1_000
      assert.equal(claim.expiresAt, until)
      assert.deepEqual(await two.claim('pay', LEASE), { state: 'running', until })
      assert.deepEqual(await one.claim('pay', LEASE), { state: 'running', until })
      assert.deepEqual(await claim.complete({ id: 7n }), { recorded: true })
      for (const provider of [one, two]) {
        assert.deepEqual(await provider.claim('pay', LEASE), { state: 'completed', value: { id: 7n }, replay: true })
      }
    },
  )

  check('get does not return a running claim', async (world) => {
    const { idempotency } = await world.adapter()
    const claim = held(await idempotency.claim('k', LEASE))
    assert.equal(await idempotency.get('k'), null)
    assert.equal((await world.rows('SELECT key FROM go_goscope_idempotency')).length, 0)
    await claim.complete([undefined, 1])
    assert.deepEqual(await idempotency.get('k'), { value: [undefined, 1] })
    assert.equal((await world.rows('SELECT key FROM go_goscope_claims')).length, 0)
  })

  check('exactly one of many claims at once is granted', async (world) => {
    const clock = realTimers(world.clock.now)
    const providers = [(await world.adapter({ clock })).idempotency, (await world.second({ clock })).idempotency]
    for (let round = 0; round < 10; round++) {
      const calls = Array.from({ length: 40 }, (_, index) => providers[index % 2]?.claim(`k${round}`, LEASE))
      const answers = (await Promise.all(calls)) as Claim<unknown>[]
      assert.equal(answers.filter(({ state }) => state === 'claimed').length, 1)
      assert.equal(answers.filter(({ state }) => state === 'running').length, 39)
    }
  })

  check('a result stored by set counts as completed, ends the claim, and refuses its late report', async (world) => {
    const { idempotency } = await world.adapter()
    await idempotency.set('before', 'plain', 500)
    const expiresAt = world.clock.now() + 500
    assert.deepEqual(await idempotency.claim('before', LEASE), {
      state: 'completed',
      value: 'plain',
      replay: true,
      expiresAt,
    })
    const claim = held(await idempotency.claim('during', LEASE))
    await idempotency.set('during', 'plain')
    const current = { state: 'completed', value: 'plain', replay: true }
    assert.deepEqual(await claim.complete('late'), { recorded: false, current })
    assert.deepEqual(await claim.fail(new Error('late')), { recorded: false, current })
    assert.equal(await claim.renew(), false)
    assert.equal((await idempotency.get('during'))?.value, 'plain')
  })

  check('a result expires after ttl, and the key can be claimed again', async (world) => {
    const { idempotency } = await world.adapter()
    await held(await idempotency.claim('k', { ...LEASE, ttl: 50, fingerprint: 'a' })).complete(1)
    const expiresAt = world.clock.now() + 50
    assert.deepEqual(await idempotency.claim('k', LEASE), { state: 'completed', value: 1, replay: true, expiresAt })
    world.clock.advance(50)
    const again = held(await idempotency.claim('k', { ...LEASE, fingerprint: 'b' }))
    assert.deepEqual(await again.complete(2), { recorded: true })
    assert.equal((await idempotency.get('k'))?.value, 2)
  })

  check('a failure is forgotten: the key is free, and nothing is recorded', async (world) => {
    const { idempotency } = await world.adapter()
    const first = held(await idempotency.claim('k', LEASE))
    assert.deepEqual(await first.fail(new Error('no')), { recorded: true })
    const second = held(await idempotency.claim('k', LEASE))
    assert.notEqual(second.owner, first.owner)
    await second.fail('no')
    assert.deepEqual(await first.complete(1), { recorded: false, current: { state: 'vacant' } })
  })

  check('a kept failure is replayed as a failure until it expires, and is no value', async (world) => {
    const one = (await world.adapter()).idempotency
    const two = (await world.second()).idempotency
    const claim = held(await one.claim('k', { ...LEASE, onFailure: 'keep', ttl: 100 }))
    const expiresAt = world.clock.now() + 100
    assert.deepEqual(await claim.fail(new RangeError('too much', { cause: 3 })), { recorded: true })
    const replay = await two.claim('k', LEASE)
    assert.ok(replay.state === 'failed' && replay.replay && replay.error instanceof RangeError)
    assert.deepEqual([replay.error.message, replay.error.cause, replay.expiresAt], ['too much', 3, expiresAt])
    assert.equal(await one.get('k'), null)
    world.clock.advance(100)
    held(await two.claim('k', LEASE))
  })

  check('delete and set clear a kept failure', async (world) => {
    const { idempotency } = await world.adapter()
    for (const key of ['deleted', 'set']) {
      await held(await idempotency.claim(key, { ...LEASE, onFailure: 'keep' })).fail('no')
      assert.equal((await idempotency.claim(key, LEASE)).state, 'failed')
    }
    await idempotency.delete('deleted')
    held(await idempotency.claim('deleted', LEASE))
    await idempotency.set('set', 1)
    assert.deepEqual(await idempotency.claim('set', LEASE), { state: 'completed', value: 1, replay: true })
  })

  check('another fingerprint is refused with the record, in every state of the key', async (world) => {
    const { idempotency } = await world.adapter()
    const mismatch = async (key: string) => {
      const claim = () => idempotency.claim(key, { ...LEASE, fingerprint: 'mine' })
      const error = await refuses(claim, { code: 'FINGERPRINT_MISMATCH', says: [JSON.stringify(key)] })
      assert.equal((error as { fingerprint?: unknown }).fingerprint, 'theirs')
      return (error as { record?: unknown }).record
    }
    const options = { ...LEASE, fingerprint: 'theirs', onFailure: 'keep' } as const
    const claim = held(await idempotency.claim('done', options))
    assert.deepEqual(await mismatch('done'), { state: 'running', until: claim.expiresAt })
    await claim.complete([1])
    assert.deepEqual(await mismatch('done'), { state: 'completed', value: [1], replay: true })
    await held(await idempotency.claim('failed', options)).fail('no')
    assert.deepEqual(await mismatch('failed'), { state: 'failed', error: 'no', replay: true })
    assert.equal((await idempotency.claim('done', options)).state, 'completed')
    assert.equal((await idempotency.claim('done', LEASE)).state, 'completed', 'a claim without one fits any')
  })

  check('a result without fingerprint fits any: one that was set replaces the one on record', async (world) => {
    const { idempotency } = await world.adapter()
    await held(await idempotency.claim('k', { ...LEASE, fingerprint: 'theirs' })).complete(1)
    await idempotency.set('k', 2)
    const replay = await idempotency.claim('k', { ...LEASE, fingerprint: 'mine' })
    assert.deepEqual(replay, { state: 'completed', value: 2, replay: true })
  })

  check.inFile('writers that know only the published table end claims and clear records too', async (world) => {
    const { idempotency } = await world.adapter()
    const store = (key: string) =>
      world.rows('INSERT OR REPLACE INTO go_goscope_idempotency (key, value) VALUES (?, ?)', [key, '[null,5]'])
    await held(await idempotency.claim('done', { ...LEASE, fingerprint: 'theirs' })).complete(1)
    const running = held(await idempotency.claim('running', LEASE))
    await store('done')
    await store('running')
    const current = { state: 'completed', value: [null, 5], replay: true }
    assert.deepEqual(await idempotency.claim('done', { ...LEASE, fingerprint: 'mine' }), current)
    assert.deepEqual(await running.complete(1), { recorded: false, current })
    await held(await idempotency.claim('left', { ...LEASE, fingerprint: 'theirs' })).complete(1)
    await world.rows('DELETE FROM go_goscope_idempotency')
    assert.deepEqual(await world.rows('SELECT key FROM go_goscope_claim_records'), [])
    held(await idempotency.claim('done', { ...LEASE, fingerprint: 'mine' }))
  })

  check('claims of two prefixes are independent', async (world) => {
    const one = (await world.adapter({ keyPrefix: 'a:' })).idempotency
    const two = (await world.adapter({ keyPrefix: 'b:' })).idempotency
    held(await one.claim('k', LEASE))
    held(await two.claim('k', LEASE))
  })

  check('SQLiteIdempotencyAdapter claims too', async (world) => {
    const alone = world.track(
      new world.engine.SQLiteIdempotencyAdapter((await world.handle()) as never, { clock: world.clock }),
    )
    await held(await alone.claim('k', LEASE)).complete(1)
    assert.equal((await (await world.adapter()).idempotency.claim('k', LEASE)).state, 'completed')
    assert.equal(await alone.once<unknown>('k', () => 2), 1)
  })

  check('bad arguments are refused by name, and claim nothing', async (world) => {
    const { idempotency } = await world.adapter()
    const bad = [
      [{ lease: 0 }, 'INVALID_TTL'],
      [{ lease: Number.POSITIVE_INFINITY }, 'INVALID_TTL', 'lease'],
      [{}, 'INVALID_TTL', 'lease'],
      [{ ...LEASE, ttl: -1 }, 'INVALID_TTL'],
      [{ ...LEASE, wait: Number.NaN }, 'INVALID_ARGUMENT', 'wait'],
      [{ ...LEASE, fingerprint: '' }, 'INVALID_KEY', 'fingerprint'],
      [{ ...LEASE, onFailure: 'never' }, 'INVALID_ARGUMENT', 'onFailure'],
      [{ ...LEASE, signal: {} }, 'INVALID_ARGUMENT', 'signal'],
      [undefined, 'INVALID_ARGUMENT', 'lease'],
    ] as const
    for (const [options, code, word] of bad) {
      await refuses(() => idempotency.claim('k', options as never), { code, says: word === undefined ? [] : [word] })
    }
    await refuses(() => idempotency.claim('', LEASE), { code: 'INVALID_KEY' })
    held(await idempotency.claim('k', LEASE))
  })
})
