import assert from 'node:assert/strict'
import type { LeaseUnderTest } from '../engine-under-test.js'
import { taken } from '../held.js'
import { ManualClock } from '../manual-clock.js'
import { type EngineSuite, engineSuite } from '../suite.js'

const TTL = 1_000
const DAY = 86_400_000
const database = { locks: 'database' } as const

export const leaseTime: EngineSuite = engineSuite('time of locks in the database', (check) => {
  check('a clock that is set back neither ends, revives nor lengthens a lease', async (world) => {
    const one = await world.adapter(database)
    const two = await world.second(database)
    const ended = await taken(one, 'ended')
    world.clock.advance(TTL)
    const held = await taken(one, 'held')
    world.clock.jump(-DAY)
    assert.equal(await ended.isValid(), false)
    assert.equal(await ended.extend(TTL), false)
    assert.equal(await held.isValid(), true)
    assert.equal(await two.lock.acquire('held', TTL), null)
    await taken(two, 'ended')
    world.clock.advance(TTL)
    assert.equal(await held.isValid(), false)
    await taken(two, 'held')
  })

  check('a paused process never takes its lease to end later than it does', async (world) => {
    const adapter = await world.adapter({ ...database, clock: new ManualClock({ drags: true }) })
    const handle = await taken(adapter, 'job', DAY)
    const end = async () => Number((await world.rows('SELECT expires_at FROM go_goscope_locks'))[0]?.expires_at)
    assert.ok(handle.expiresAt <= (await end()), `${handle.expiresAt} after ${await end()}`)
    assert.equal(await handle.extend(DAY), true)
    assert.ok(handle.expiresAt <= (await end()), `${handle.expiresAt} after ${await end()}`)
  })

  check('a process whose clock is behind uses the later time that another process stored', async (world) => {
    const one = await world.adapter(database)
    const first = await taken(one, 'job')
    world.clock.advance(TTL)
    const second = await taken(one, 'job')
    // As a separate process: only the file remembers the time.
    const behind = new ManualClock()
    behind.jump(-DAY)
    const other = await world.second({ ...database, clock: behind })
    assert.equal(await first.isValid(), false)
    assert.equal(await other.lock.acquire('job', TTL), null)
    const own = await taken(other, 'own')
    assert.ok(own.token > second.token)
    assert.equal(await one.lock.acquire('own', TTL), null, 'a lease granted by a clock that is behind lasts as long')
    behind.advance(TTL)
    await taken(other, 'job')
    assert.equal(await own.isValid(), false)
  })

  check('a grant by a clock that is behind is valid for processes whose clocks are not', async (world) => {
    const one = await world.adapter(database)
    const first = await taken(one, 'job')
    world.clock.advance(TTL)
    await taken(one, 'mark')
    const behind = new ManualClock()
    behind.jump(-DAY)
    const other = await world.second({ ...database, clock: behind })
    const own = await taken(other, 'own')
    assert.equal(await one.lock.acquire('own', TTL), null)
    assert.equal(own.expiresAt, world.clock.now() + TTL)
    assert.ok((await taken(other, 'job')).token > first.token, 'what has expired for them has expired here')
  })

  check('a lease is over for its holder once another process has stored a later time', async (world) => {
    const ahead = new ManualClock()
    ahead.jump(TTL)
    const one = await world.adapter(database)
    const other = await world.second({ ...database, clock: ahead })
    for (const outlived of [
      (handle: LeaseUnderTest) => handle.isValid(),
      (handle: LeaseUnderTest) => handle.extend(TTL),
      (handle: LeaseUnderTest) => handle.release() as Promise<unknown>,
      (handle: LeaseUnderTest) => one.lock.extend('job', TTL, handle.owner),
    ]) {
      const handle = await taken(one, 'job')
      ahead.advance(2 * TTL)
      await taken(other, 'anything')
      assert.equal(await outlived(handle), false)
      ahead.advance(TTL)
    }
  })

  check('the signal counts from the grant of the lease, not from the arrival of the answer', async (world) => {
    const adapter = await world.adapter(database)
    // One acquisition first, so that the statement is prepared and the next call is sent at once.
    await taken(adapter, 'warm')
    const call = taken(adapter, 'job')
    for (let turn = 0; turn < 30; turn++) await Promise.resolve()
    world.clock.advance(TTL)
    assert.equal((await call).signal.aborted, true)
  })

  check('the signal follows every extension of the lease by its owner', async (world) => {
    const adapter = await world.adapter(database)
    const handle = await taken(adapter, 'job')
    const { signal } = handle
    world.clock.advance(800)
    assert.equal(await adapter.lock.extend('job', TTL, handle.owner), true)
    world.clock.advance(800)
    assert.equal(signal.aborted, false)
    assert.notEqual(await adapter.lock.acquire('job', 2 * TTL, handle.owner), null)
    world.clock.advance(1_500)
    assert.equal(signal.aborted, false)
  })

  check('a clock that is set forward ends leases early, and safely', async (world) => {
    const one = await world.adapter(database)
    const two = await world.second(database)
    const early = await taken(one, 'job')
    world.clock.jump(TTL)
    assert.equal(await early.isValid(), false)
    const next = await taken(two, 'job')
    assert.ok(next.token > early.token)
    world.clock.jump(-TTL)
    assert.equal(await early.isValid(), false)
    assert.equal(await next.isValid(), true)
    assert.equal(await (early.release() as Promise<unknown>), false)
    assert.equal(await one.lock.acquire('job', TTL), null)
  })

  check('the signal aborts soon after the machine was suspended past the lease', async (world) => {
    const adapter = await world.adapter(database)
    const { signal } = await taken(adapter, 'job', 60_000)
    const extended = await taken(adapter, 'extended', 60_000)
    const later = extended.signal
    world.clock.jump(50_000)
    await extended.extend(60_000)
    world.clock.advance(9_000)
    assert.deepEqual([signal.aborted, later.aborted], [true, false])
    // 51 s were left: it aborts within a second and a tenth of them.
    world.clock.jump(60_000)
    world.clock.advance(6_100)
    assert.equal(later.aborted, true)
  })

  check('the signal aborts a tenth of the ttl before the lease ends, at most a second', async (world) => {
    const adapter = await world.adapter(database)
    for (const [ttl, margin] of [
      [1_000, 100],
      [60_000, 1_000],
    ] as const) {
      const handle = await taken(adapter, `job ${ttl}`, ttl)
      const { signal } = handle
      world.clock.advance(ttl - margin - 1)
      assert.equal(signal.aborted, false)
      world.clock.advance(1)
      assert.equal(signal.aborted, true)
      assert.equal((signal.reason as { code?: unknown }).code, 'LOCK_LOST')
      assert.equal(await handle.isValid(), true, 'the margin is there to stop in')
    }
  })

  check('the signal follows extensions and does not abort after a release', async (world) => {
    const adapter = await world.adapter(database)
    const idle = world.clock.pending
    const handle = await taken(adapter, 'job')
    const { signal } = handle
    world.clock.advance(800)
    assert.equal(await handle.extend(TTL), true)
    assert.equal(handle.expiresAt, world.clock.now() + TTL)
    world.clock.advance(800)
    assert.equal(signal.aborted, false)
    await handle.release()
    world.clock.advance(DAY)
    assert.equal(signal.aborted, false)
    assert.ok(world.clock.pending <= idle, 'no timer is left')
  })

  for (const locks of ['process', 'database'] as const) {
    check(`a lease that is extended to an earlier end aborts its signal then (${locks})`, async (world) => {
      const handle = await taken(await world.adapter({ locks }), 'job', 60_000)
      const { signal } = handle
      assert.equal(await handle.extend(100), true)
      world.clock.advance(100)
      assert.equal(signal.aborted, true)
    })

    check(`a lease that never ended aborts its signal once it is extended to an end (${locks})`, async (world) => {
      const handle = await taken(await world.adapter({ locks }), 'job', Number.POSITIVE_INFINITY)
      const { signal } = handle
      assert.equal(await handle.extend(100), true)
      world.clock.advance(100)
      assert.equal(signal.aborted, true)
    })

    check(`a signal first asked for after the release does not abort (${locks})`, async (world) => {
      const handle = await taken(await world.adapter({ locks }), 'job', 100)
      await handle.release()
      const { signal } = handle
      world.clock.advance(DAY)
      assert.equal(signal.aborted, false)
    })
  }
})
