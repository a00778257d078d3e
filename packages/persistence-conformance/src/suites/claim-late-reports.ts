import assert from 'node:assert/strict'
import { held } from '../held.js'
import { realTimers } from '../real-timers.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'

const LEASE = { lease: 1_000 }

export const claimLateReports: EngineSuite = engineSuite('late reports of claims', (check) => {
  check('a late report is refused and returns the state: vacant, running, completed, failed', async (world) => {
    const one = (await world.adapter()).idempotency
    const two = (await world.second()).idempotency
    const late = held(await one.claim('k', LEASE))
    world.clock.advance(1_000)
    await held(await two.claim('k', LEASE)).fail('no')
    assert.deepEqual(await late.complete('late'), { recorded: false, current: { state: 'vacant' } })
    const next = held(await two.claim<unknown>('k', { ...LEASE, ttl: 10 }))
    const running = { recorded: false, current: { state: 'running', until: next.expiresAt } }
    assert.deepEqual(await late.complete('late'), running)
    assert.deepEqual(await late.fail('late'), running)
    assert.equal((await two.claim('k', LEASE)).state, 'running', 'a late failure frees no key of another claimant')
    await next.complete('first')
    const expiresAt = world.clock.now() + 10
    const completed = { state: 'completed', value: 'first', replay: true, expiresAt }
    assert.deepEqual(await late.complete('late'), { recorded: false, current: completed })
    world.clock.advance(10)
    await held(await two.claim('k', { ...LEASE, onFailure: 'keep' })).fail('no')
    const failed = { state: 'failed', error: 'no', replay: true }
    assert.deepEqual(await late.complete('late'), { recorded: false, current: failed })
  })

  check('a late report counts if no other caller has claimed the key', async (world) => {
    const one = (await world.adapter()).idempotency
    const two = (await world.second()).idempotency
    const options = { ...LEASE, onFailure: 'keep', ttl: 10 } as const
    const late = async (key: string, more = {}) => held(await one.claim<unknown>(key, { ...options, ...more }))
    const claims = [await late('k'), await late('fingerprinted', { fingerprint: 'f' })]
    const failing = await late('failing')
    const forgetful = await late('forgetful', { onFailure: 'forget' })
    // Both clocks, as when the process was paused, and the wall clock alone, as when the machine was suspended.
    world.clock.advance(2_000)
    world.clock.jump(2_000)
    assert.equal(await failing.renew(), false)
    // Enough for a sweep.
    for (let nth = 0; nth < 99; nth++) held(await two.claim(`other ${nth}`, LEASE))
    for (const claim of claims) assert.deepEqual(await claim.complete('late'), { recorded: true })
    assert.deepEqual(await failing.fail('no'), { recorded: true })
    assert.deepEqual(await forgetful.fail('no'), { recorded: true })
    assert.equal((await forgetful.complete(1)).recorded, false, 'one report counts')
    const end = { replay: true, expiresAt: world.clock.now() + 10 }
    assert.deepEqual(await two.claim('k', LEASE), { state: 'completed', value: 'late', ...end })
    assert.deepEqual(await two.claim('failing', LEASE), { state: 'failed', error: 'no', ...end })
    await refuses(() => two.claim('fingerprinted', { ...LEASE, fingerprint: 'g' }), { code: 'FINGERPRINT_MISMATCH' })
    held(await two.claim('forgetful', LEASE))
  })

  check('of a late report and a claim of its key at the same time, one counts', async (world) => {
    const clock = { ...realTimers(world.clock.now), monotonic: world.clock.monotonic }
    const one = (await world.adapter({ clock })).idempotency
    const two = (await world.second({ clock })).idempotency
    for (let round = 0; round < 24; round++) {
      const key = `k${round}`
      const fingerprinted = round % 2 === 0 ? {} : { fingerprint: 'f' }
      const late = held(await one.claim<unknown>(key, { ...LEASE, ...fingerprinted }))
      world.clock.advance(LEASE.lease)
      const claiming = two.claim<unknown>(key, LEASE)
      // The report comes before, between and after the statements of the claim.
      for (let turn = 0; turn < round >> 2; turn++) await new Promise((resolve) => setImmediate(resolve))
      const [{ recorded }, next] = await Promise.all([late.complete('late'), claiming])
      if (next.state === 'claimed') await next.complete('of the next')
      assert.equal(next.state, recorded ? 'completed' : 'claimed')
      assert.equal((await one.get(key))?.value, recorded ? 'late' : 'of the next')
    }
  })

  check('a late report is refused after its claim was freed or swept', async (world) => {
    const { idempotency } = await world.adapter()
    const freed = held(await idempotency.claim('freed', LEASE))
    const swept = held(await idempotency.claim('swept', LEASE))
    const deleted = held(await idempotency.claim('deleted', LEASE))
    world.clock.advance(1_000)
    await idempotency.set('deleted', 'newer')
    await idempotency.delete('deleted')
    assert.equal(await idempotency.freeClaim('freed', freed.generation), true)
    await idempotency.prune()
    for (const claim of [freed, swept, deleted]) {
      assert.deepEqual(await claim.complete('late'), { recorded: false, current: { state: 'vacant' } })
    }
  })
})
