import assert from 'node:assert/strict'
import type { AdapterUnderTest, LeaseUnderTest } from '../engine-under-test.js'
import { someOf } from '../property.js'
import { type EngineSuite, engineSuite } from '../suite.js'

const TTL = 1_000

async function taken(adapter: AdapterUnderTest, key: string, ttl?: number, owner?: string): Promise<LeaseUnderTest> {
  const handle = await adapter.lock.acquire(key, ttl, owner)
  assert.ok(handle !== null, `${key} should have been free`)
  return handle
}

async function released(handle: LeaseUnderTest): Promise<unknown> {
  return handle.release()
}

export const locks: EngineSuite = engineSuite('locks', (check) => {
  check('a lock has its key, owner and expiry', async (world) => {
    const handle = await taken(await world.adapter({ keyPrefix: 'app:' }), 'job', TTL, 'me')
    assert.equal(handle.key, 'job')
    assert.equal(handle.owner, 'me')
    assert.equal(handle.expiresAt, world.clock.now() + TTL)
    world.clock.advance(400)
    await handle.extend(TTL)
    assert.equal(handle.expiresAt, world.clock.now() + TTL)
    await handle.extend(0.25)
    world.clock.advance(0.5)
    assert.equal(await handle.isValid(), true, 'a fraction counts as 1 ms')
  })

  check('generated owners differ', async (world) => {
    const adapter = await world.adapter()
    const owners = new Set<string>()
    for (let index = 0; index < 100; index++) owners.add((await taken(adapter, `job ${index}`, TTL)).owner)
    assert.equal(owners.size, 100)
  })

  check('the token grows with every grant, over all owners', async (world) => {
    const adapter = await world.adapter()
    let last = Number.NEGATIVE_INFINITY
    for (const [key, owner] of [
      ['a', 'x'],
      ['b', 'y'],
      ['a', 'x'],
      ['c', 'x'],
    ] as const) {
      const handle = await taken(adapter, key, TTL, owner)
      assert.ok(handle.token > last, `${handle.token} after ${last}`)
      last = handle.token
      await handle.release()
    }
    const before = await taken(adapter, 'd', TTL)
    await adapter.lock.forceRelease('d')
    assert.ok((await taken(adapter, 'd', TTL)).token > before.token)
  })

  check('a call sees the effects of earlier calls, also of those answered in a later turn', async (world) => {
    const adapter = await world.adapter()
    await new Promise((resolve) => setImmediate(resolve))
    const held = await taken(adapter, 'held', TTL)
    // As if the calls of this turn had blocked the event loop for that long.
    world.clock.advance(100)
    const first = adapter.lock.acquire('job', TTL)
    const freed = adapter.lock.forceRelease('job')
    const refused = adapter.lock.acquire('held', TTL)
    const given = released(held)
    const second = adapter.lock.acquire('job', TTL)
    await Promise.all([freed, given])
    assert.equal(await (await first)?.isValid(), false)
    assert.equal(await refused, null)
    assert.equal(await (await second)?.isValid(), true)
  })

  check('release returns whether it released', async (world) => {
    const adapter = await world.adapter()
    const handle = await taken(adapter, 'job', TTL)
    assert.equal(await released(handle), true)
    assert.equal(await released(handle), false)
    const late = await taken(adapter, 'job', TTL)
    world.clock.advance(TTL + 1)
    assert.equal(await released(late), false)
  })

  check('a lock without ttl lasts for defaultLockTTL', async (world) => {
    const adapter = await world.adapter({ defaultLockTTL: 250 })
    const handle = await taken(adapter, 'job')
    assert.equal(handle.expiresAt, world.clock.now() + 250)
    world.clock.advance(249)
    assert.equal(await handle.isValid(), true)
    world.clock.advance(2)
    assert.equal(await handle.isValid(), false)
  })

  check('disposing of a lock releases it', async (world) => {
    const adapter = await world.adapter()
    const handle = await taken(adapter, 'job', TTL)
    await handle[Symbol.asyncDispose]()
    await taken(adapter, 'job', TTL)
    await handle[Symbol.asyncDispose]()
    assert.equal(await adapter.lock.acquire('job', TTL), null)
  })

  check('the signal aborts when the lease expires, not before', async (world) => {
    const handle = await taken(await world.adapter(), 'job', TTL)
    world.clock.advance(TTL - 1)
    assert.equal(handle.signal.aborted, false)
    world.clock.advance(2)
    assert.equal(handle.signal.aborted, true)
    assert.ok(handle.signal.reason instanceof Error)
  })

  check('the signal follows extensions', async (world) => {
    const handle = await taken(await world.adapter(), 'job', TTL)
    assert.equal(handle.signal.aborted, false)
    world.clock.advance(TTL - 1)
    await handle.extend(TTL)
    world.clock.advance(TTL - 1)
    assert.equal(handle.signal.aborted, false)
    world.clock.advance(2)
    assert.equal(handle.signal.aborted, true)
  })

  check('the signal aborts when the lock is force-released', async (world) => {
    const adapter = await world.adapter()
    const handle = await taken(adapter, 'job', TTL)
    assert.equal(handle.signal.aborted, false)
    await adapter.lock.forceRelease('job')
    assert.equal(handle.signal.aborted, true)
  })

  check('a lock requested in the turn of a force-release is not the one that is lost', async (world) => {
    for (const locks of ['process', 'database'] as const) {
      const adapter = await world.adapter({ locks })
      await taken(adapter, locks, TTL)
      const [, handle] = await Promise.all([adapter.lock.forceRelease(locks), adapter.lock.acquire(locks, TTL)])
      assert.equal(handle?.signal.aborted, false, locks)
      assert.equal(await handle?.isValid(), true, locks)
    }
  })

  check('a signal first asked for after the loss is aborted', async (world) => {
    const handle = await taken(await world.adapter(), 'job', TTL)
    world.clock.advance(TTL + 1)
    assert.equal(handle.signal.aborted, true)
  })

  check('the signal does not abort after a release', async (world) => {
    const handle = await taken(await world.adapter(), 'job', TTL)
    assert.equal(handle.signal.aborted, false)
    await handle.release()
    world.clock.advance(10 * TTL)
    assert.equal(handle.signal.aborted, false)
  })

  check('the wall clock may jump without touching a lease', async (world) => {
    const adapter = await world.adapter()
    const handle = await taken(adapter, 'job', TTL)
    world.clock.jump(86_400_000)
    assert.equal(await handle.isValid(), true)
    assert.equal(await adapter.lock.acquire('job', TTL), null)
    world.clock.jump(-10 * 86_400_000)
    world.clock.advance(TTL + 1)
    assert.equal(await handle.isValid(), false)
    await taken(adapter, 'job', TTL)
  })

  check('adapters on one handle and prefix share their locks', async (world) => {
    const one = await world.adapter({ keyPrefix: 'app:' })
    const two = await world.adapter({ keyPrefix: 'app:' })
    const handle = await taken(one, 'job', TTL, 'a')
    assert.equal(await two.lock.acquire('job', TTL, 'b'), null)
    assert.equal(await two.lock.extend('job', TTL, 'a'), true)
    await two.lock.forceRelease('job')
    assert.equal(await handle.isValid(), false)
  })

  check('locks of different prefixes are independent', async (world) => {
    const pairs = [
      ['a:', 'b:c'],
      ['a:b:', 'c'],
      ['', 'a:b:c'],
      ['A:', 'b:c'],
    ] as const
    for (const [keyPrefix, key] of pairs) await taken(await world.adapter({ keyPrefix }), key, TTL)
  })

  check('the adapter is a lock port itself', async (world) => {
    const adapter = await world.adapter()
    const handle = await adapter.acquire('job', TTL, 'a')
    assert.ok(handle !== null)
    assert.equal(await adapter.lock.acquire('job', TTL, 'b'), null)
  })

  check('nothing on the path of a renewal rejects, not even after disconnect', async (world) => {
    const adapter = await world.adapter()
    const handle = await taken(adapter, 'job', TTL, 'a')
    await adapter.disconnect()
    assert.equal(typeof (await handle.extend(TTL)), 'boolean')
    assert.equal(typeof (await handle.isValid()), 'boolean')
    assert.equal(typeof (await released(handle)), 'boolean')
    assert.equal(await handle.extend(TTL), false)
  })

  check('a generated owner may acquire its lock again by name', async (world) => {
    const adapter = await world.adapter()
    const { owner } = await taken(adapter, 'job', TTL)
    assert.ok((await adapter.lock.acquire('job', TTL, owner)) !== null)
    assert.equal(await adapter.lock.extend('job', TTL, owner), true)
  })

  check('expired locks do not accumulate', async (world) => {
    const adapter = await world.adapter()
    const jobs = someOf(Array.from({ length: 2_000 }, (_, job) => job))
    const rounds = 10
    for (let round = 0; round < rounds; round++) {
      await Promise.all(jobs.map((job) => taken(adapter, `job ${round} ${job}`, 1 + (job % 50))))
      world.clock.advance(100)
    }
    const { locks } = await adapter.stats()
    assert.ok(locks <= 3 * jobs.length, `${locks} of ${rounds * jobs.length} expired locks are still there`)
  })

  check('watched locks that ended leave no timer behind', async (world) => {
    const adapter = await world.adapter()
    const before = world.clock.pending
    for (let index = 0; index < 500; index++) {
      const handle = await taken(adapter, `job ${index}`, 1_000)
      assert.equal(handle.signal.aborted, false)
      if (index % 2 === 0) await handle.release()
    }
    world.clock.advance(1_001)
    assert.ok(world.clock.pending <= before, `${world.clock.pending} timers are left`)
  })
})
