import assert from 'node:assert/strict'
import type { AdapterUnderTest, HoldOptionsUnderTest, LeaseUnderTest } from '../engine-under-test.js'
import { pass } from '../passing-time.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'

const TTL = 900

async function held(adapter: AdapterUnderTest, options: HoldOptionsUnderTest): Promise<LeaseUnderTest> {
  const handle = await adapter.lock.hold('job', options)
  assert.ok(handle !== null, 'job should have been free')
  return handle
}

export const lockRenewal: EngineSuite = engineSuite('renewal of locks', (check) => {
  for (const locks of ['process', 'database'] as const) {
    check(`hold takes and refuses a lock as acquire does (${locks})`, async (world) => {
      const adapter = await world.adapter({ locks, defaultLockTTL: TTL })
      const handle = await held(adapter, { owner: 'me' })
      assert.equal(handle.owner, 'me')
      assert.equal(handle.expiresAt, world.clock.now() + TTL)
      assert.equal(await adapter.lock.hold('job'), null)
      await pass(world, adapter, TTL)
      assert.equal(await handle.isValid(), false, 'it is not renewed unless asked')
    })

    check(`a renewed lease outlives its ttl until it is released (${locks})`, async (world) => {
      const adapter = await world.adapter({ locks })
      const idle = world.clock.pending
      const handle = await held(adapter, { ttl: TTL, renew: true })
      const { signal } = handle
      await pass(world, adapter, 10 * TTL)
      assert.equal(signal.aborted, false)
      assert.equal(await handle.isValid(), true)
      assert.equal(await adapter.lock.acquire('job', TTL), null)
      assert.equal(await (handle.release() as Promise<unknown>), true)
      assert.ok(world.clock.pending <= idle, 'no timer is left')
      await pass(world, adapter, TTL)
      assert.notEqual(await adapter.lock.acquire('job', TTL), null)
    })

    check(`a renewed lease ends with its maximum life (${locks})`, async (world) => {
      const adapter = await world.adapter({ locks })
      const idle = world.clock.pending
      const handle = await held(adapter, { ttl: TTL, renew: true, maxLife: 2_500 })
      const { signal } = handle
      await pass(world, adapter, 2_300)
      assert.equal(signal.aborted, false)
      assert.equal(await adapter.lock.acquire('job', TTL), null)
      await pass(world, adapter, 200)
      assert.equal(signal.aborted, true)
      assert.notEqual(await adapter.lock.acquire('job', TTL), null)
      assert.ok(world.clock.pending <= idle, 'no timer is left')
    })

    check(`a maximum life shorter than the ttl shortens the lease (${locks})`, async (world) => {
      const adapter = await world.adapter({ locks })
      const handle = await held(adapter, { ttl: TTL, renew: true, maxLife: 300 })
      assert.equal(handle.expiresAt, world.clock.now() + 300)
      await pass(world, adapter, 300)
      assert.equal(await handle.isValid(), false)
    })

    check(`renewal stops when the lock is taken away (${locks})`, async (world) => {
      const adapter = await world.adapter({ locks })
      const idle = world.clock.pending
      const handle = await held(adapter, { ttl: TTL, renew: true })
      const { signal } = handle
      await adapter.lock.forceRelease('job')
      assert.equal(signal.aborted, true)
      const next = await adapter.lock.acquire('job', 10 * TTL)
      await pass(world, adapter, 2 * TTL)
      assert.equal(await next?.isValid(), true)
      assert.equal(await handle.isValid(), false)
      assert.ok(world.clock.pending <= idle, 'no timer is left')
    })

    check(`renewal ends with the adapter, and no promise rejects (${locks})`, async (world) => {
      const adapter = await world.adapter({ locks })
      const idle = world.clock.pending
      const { signal } = await held(adapter, { ttl: TTL, renew: true })
      await adapter.disconnect()
      assert.equal(signal.aborted, true)
      await pass(world, adapter, 3 * TTL)
      assert.ok(world.clock.pending <= idle, 'no timer is left')
    })

    check(`a renewed lease ends after its adapter, while another one uses the handle (${locks})`, async (world) => {
      const other = await world.adapter({ locks })
      const adapter = await world.adapter({ locks })
      const { signal } = await held(adapter, { ttl: TTL, renew: true })
      await adapter.disconnect()
      await pass(world, other, 2 * TTL)
      assert.equal(signal.aborted, true)
      assert.notEqual(await other.lock.acquire('job', TTL), null)
    })

    check(`hold refuses invalid options (${locks})`, async (world) => {
      const { lock } = await world.adapter({ locks })
      await refuses(() => lock.hold('job', { renew: 'yes' as never }), { code: 'INVALID_ARGUMENT', says: ['renew'] })
      await refuses(() => lock.hold('job', null as never), { code: 'INVALID_ARGUMENT', says: ['options'] })
      for (const bad of [0, -1, Number.NaN, '5' as never]) {
        await refuses(() => lock.hold('job', { ttl: bad }), { code: 'INVALID_TTL' })
        await refuses(() => lock.hold('job', { maxLife: bad }), { code: 'INVALID_TTL' })
      }
      assert.notEqual(await lock.acquire('job', TTL), null)
    })
  }

  check('renewal continues after the database refused one', async (world) => {
    const adapter = await world.adapter({ locks: 'database' })
    const handle = await held(adapter, { ttl: TTL, renew: true })
    const { signal } = handle
    await world.rows('ALTER TABLE go_goscope_locks RENAME TO away')
    await pass(world, adapter, 300)
    await world.rows('ALTER TABLE away RENAME TO go_goscope_locks')
    await pass(world, adapter, 3 * TTL)
    assert.equal(signal.aborted, false)
    assert.equal(await handle.isValid(), true)
  })

  check('renewal that fails until the lease is nearly over aborts the signal', async (world) => {
    const adapter = await world.adapter({ locks: 'database' })
    const idle = world.clock.pending
    const { signal } = await held(adapter, { ttl: TTL, renew: true })
    await world.rows('DROP TABLE go_goscope_locks')
    await pass(world, adapter, 800)
    assert.equal(signal.aborted, false)
    await pass(world, adapter, 100)
    assert.equal(signal.aborted, true)
    await pass(world, adapter, TTL)
    assert.ok(world.clock.pending <= idle, 'no timer is left')
  })
})
