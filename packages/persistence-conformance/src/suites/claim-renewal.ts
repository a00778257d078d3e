import assert from 'node:assert/strict'
import { held } from '../held.js'
import { pass } from '../passing-time.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'

const LEASE_MS = 900
const RENEWED = { lease: LEASE_MS, renew: true }

export const claimRenewal: EngineSuite = engineSuite('renewal of claims', (check) => {
  check('a renewed claim outlives its lease until it is reported', async (world) => {
    const adapter = await world.adapter()
    const other = (await world.second()).idempotency
    const idle = world.clock.pending
    for (const report of ['complete', 'fail'] as const) {
      const claim = held(await adapter.idempotency.claim<number>(report, RENEWED))
      const { signal } = claim
      await pass(world, adapter, 5 * LEASE_MS)
      assert.equal(signal.aborted, false)
      assert.equal((await other.claim(report, RENEWED)).state, 'running')
      assert.equal(world.clock.keepsAlive, false, 'renewal does not keep the process alive')
      assert.deepEqual(await claim[report](1), { recorded: true })
      assert.ok(world.clock.pending <= idle, 'no timer is left')
    }
  })

  check('a claim is not renewed unless asked', async (world) => {
    const adapter = await world.adapter()
    held(await adapter.idempotency.claim('k', { lease: LEASE_MS, renew: false }))
    await pass(world, adapter, LEASE_MS)
    held(await adapter.idempotency.claim('k', { lease: LEASE_MS, renew: undefined }))
    await refuses(() => adapter.idempotency.claim('l', { lease: LEASE_MS, renew: 'yes' as never }), {
      code: 'INVALID_ARGUMENT',
      says: ['renew', 'true or false'],
    })
  })

  check('renewal of a claim finds that it was lost, aborts its signal and ends', async (world) => {
    const adapter = await world.adapter()
    const other = (await world.second()).idempotency
    const idle = world.clock.pending
    const claim = held(await adapter.idempotency.claim('k', RENEWED))
    const { signal } = claim
    await other.freeClaim('k', claim.generation)
    const next = held(await other.claim('k', { lease: 10 * LEASE_MS }))
    await pass(world, adapter, LEASE_MS)
    assert.equal((signal.reason as { code?: unknown }).code, 'CLAIM_LOST')
    assert.ok(world.clock.pending <= idle, 'no timer is left')
    assert.deepEqual(await next.complete(1), { recorded: true })
  })

  check('renewal of a claim ends with its adapter, and reports no error', async (world) => {
    const events: unknown[] = []
    const other = await world.adapter()
    const adapter = await world.adapter({ onDiagnostic: (event) => events.push(event) })
    const idle = world.clock.pending
    held(await adapter.idempotency.claim('k', RENEWED))
    await adapter.disconnect()
    await pass(world, other, 2 * LEASE_MS)
    held(await other.idempotency.claim('k', { lease: LEASE_MS }))
    assert.deepEqual(events, [])
    assert.ok(world.clock.pending <= idle, 'no timer is left')
  })

  check.inFile('renewal of a claim continues after the database refused one', async (world) => {
    const adapter = await world.adapter()
    const claim = held(await adapter.idempotency.claim('k', RENEWED))
    await world.rows('ALTER TABLE go_goscope_claims RENAME TO away')
    await pass(world, adapter, 300)
    await world.rows('ALTER TABLE away RENAME TO go_goscope_claims')
    await pass(world, adapter, 3 * LEASE_MS)
    assert.deepEqual(await claim.complete(1), { recorded: true })
  })

  check.inFile('a claim whose report was refused is not renewed, so that its key becomes free', async (world) => {
    const adapter = await world.adapter()
    const claim = held(await adapter.idempotency.claim('k', RENEWED))
    await world.rows('ALTER TABLE go_goscope_claims RENAME TO away')
    await assert.rejects(claim.fail('no'))
    await world.rows('ALTER TABLE away RENAME TO go_goscope_claims')
    await pass(world, adapter, LEASE_MS)
    held(await adapter.idempotency.claim('k', RENEWED))
  })
})
