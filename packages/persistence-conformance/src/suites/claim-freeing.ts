import assert from 'node:assert/strict'
import { eventually } from '../eventually.js'
import { held } from '../held.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'

const LEASE = { lease: 60_000 }

export const claimFreeing: EngineSuite = engineSuite('freeing the claim of another', (check) => {
  check('a freed key is free before its lease ends, and a later report of its claimant is refused', async (world) => {
    const paused = (await world.adapter()).idempotency
    const two = (await world.second()).idempotency
    const claim = held(await paused.claim('k', LEASE))
    assert.equal(await two.freeClaim('k', claim.generation), true)
    assert.deepEqual(await claim.complete('late'), { recorded: false, current: { state: 'vacant' } })
    assert.equal(await claim.renew(), false)
    assert.equal((claim.signal.reason as { code?: unknown }).code, 'CLAIM_LOST')
    assert.equal(await two.get('k'), null)
    const next = held(await two.claim('k', LEASE))
    assert.ok(next.generation > claim.generation)
    assert.deepEqual(await claim.fail(new Error('late')), {
      recorded: false,
      current: { state: 'running', until: next.expiresAt },
    })
    assert.deepEqual(await next.complete('done'), { recorded: true })
  })

  check('freeing an older generation does not affect the current claimant', async (world) => {
    const one = (await world.adapter()).idempotency
    const two = (await world.second()).idempotency
    const seen = held(await one.claim('k', { lease: 1_000 }))
    world.clock.advance(1_000)
    const next = held(await one.claim('k', LEASE))
    assert.equal(await two.freeClaim('k', seen.generation), false)
    assert.equal(await two.freeClaim('other', next.generation), false)
    assert.equal(await next.renew(), true)
    assert.deepEqual(await next.complete('done'), { recorded: true })
    assert.equal(await two.freeClaim('k', next.generation), false, 'a result is no claim')
    assert.equal((await two.get('k'))?.value, 'done')
  })

  check('callers that wait for a freed key get it at once', async (world) => {
    const { idempotency } = await world.adapter()
    const claim = held(await idempotency.claim('k', LEASE))
    const idle = world.clock.pending
    const waiting = idempotency.claim('k', { ...LEASE, wait: 10_000 })
    await eventually('it waits', () => world.clock.pending > idle)
    assert.equal(await idempotency.freeClaim('k', claim.generation), true)
    assert.notEqual(held(await waiting).owner, claim.owner)
  })

  check('an invalid generation is refused by name', async (world) => {
    const { idempotency } = await world.adapter()
    for (const generation of [1.5, '1', undefined] as number[]) {
      await refuses(() => idempotency.freeClaim('k', generation), { code: 'INVALID_ARGUMENT', says: ['generation'] })
    }
  })
})
