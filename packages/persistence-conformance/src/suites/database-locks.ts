import assert from 'node:assert/strict'
import type { AdapterUnderTest, ClockUnderTest, LeaseUnderTest } from '../engine-under-test.js'
import { eventually } from '../eventually.js'
import { taken } from '../held.js'
import { realTimers } from '../real-timers.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'

const TTL = 1_000

async function pair(world: World, clock?: ClockUnderTest): Promise<[AdapterUnderTest, AdapterUnderTest]> {
  const options = { locks: 'database', ...(clock && { clock }) } as const
  return [await world.adapter(options), await world.second(options)]
}

export const databaseLocks: EngineSuite = engineSuite('locks in the database', (check) => {
  check('two connections exclude one another until the lock is released', async (world) => {
    const [one, two] = await pair(world)
    const handle = await taken(one, 'job')
    assert.equal(await two.lock.acquire('job', TTL), null)
    await taken(two, 'other')
    assert.equal(await (handle.release() as Promise<unknown>), true)
    await taken(two, 'job')
    assert.equal(await one.lock.acquire('job', TTL), null)
  })

  check('two connections exclude one another until the lease ends', async (world) => {
    const [one, two] = await pair(world)
    const handle = await taken(one, 'job')
    world.clock.advance(TTL - 1)
    assert.equal(await two.lock.acquire('job', TTL), null)
    world.clock.advance(1)
    await taken(two, 'job')
    assert.equal(await handle.isValid(), false)
    assert.equal(await handle.extend(TTL), false)
  })

  check('exactly one of many acquirers on two connections at once gets each lock', async (world) => {
    // Real timers: a connection that gets BUSY waits and retries, and the manual clock would never end that wait.
    const adapters = await pair(world, realTimers(world.clock.now))
    const calls = Array.from({ length: 200 }, (_, index) => {
      // Each connection makes half of the calls for each key at once, so that they can share a statement.
      return (adapters[index % 2] as AdapterUnderTest).lock.acquire(`job ${(index >> 1) % 20}`, TTL)
    })
    const granted = (await Promise.all(calls)).filter((handle) => handle !== null)
    assert.equal(granted.length, 20)
    assert.equal(new Set(granted.map((handle) => handle.key)).size, 20)
    assert.equal(new Set(granted.map((handle) => handle.token)).size, 20, 'each grant has a token of its own')
  })

  check('calls made at once answer as if made one by one', async (world) => {
    const [one, two] = await pair(world)
    await taken(two, 'held', TTL, 'z')
    const owners = ['a', 'b', 'a', 'c', 'a', 'b']
    const grants = await Promise.all(owners.map((owner) => one.lock.acquire('job', TTL, owner)))
    const held = await Promise.all(owners.map((owner) => one.lock.acquire('held', TTL, owner)))
    assert.deepEqual(
      grants.map((handle) => handle?.owner ?? null),
      ['a', null, 'a', null, 'a', null],
    )
    assert.equal(new Set(grants.flatMap((handle) => handle?.token ?? [])).size, 1)
    assert.deepEqual(new Set(held), new Set([null]))
    const [first, second, third] = grants.filter((handle) => handle !== null)
    assert.deepEqual(await Promise.all([first?.release(), second?.release()]), [true, true])
    assert.equal(await two.lock.acquire('job', TTL), null, 'one hold is left')
    assert.equal(await (third?.release() as Promise<unknown>), true)
    await taken(two, 'job')
  })

  check('tokens grow through release, force-release, pruning and reopening, on any connection', async (world) => {
    let last = 0
    const grown = (handle: LeaseUnderTest): LeaseUnderTest => {
      assert.ok(handle.token > last, `${handle.token} after ${last}`)
      last = handle.token
      return handle
    }
    const [one, two] = await pair(world)
    await grown(await taken(one, 'job')).release()
    grown(await taken(two, 'job'))
    await one.lock.forceRelease('job')
    grown(await taken(one, 'job'))
    world.clock.advance(TTL)
    await one.prune()
    for (let index = 0; index < 200; index++) await grown(await taken(two, `job ${index}`)).release()
    await world.rows('DELETE FROM go_goscope_locks')
    grown(await taken(one, 'job'))
    const again = await world.openMade({ locks: 'database', clock: world.clock })
    grown(await taken(again, 'another'))
    await again.disconnect()
    const after = await world.openMade({ locks: 'database', clock: world.clock })
    grown(await taken(after, 'a third'))
  })

  check('the same owner acquires again under the same token, from any connection', async (world) => {
    const [one, two] = await pair(world)
    const first = await taken(one, 'job', TTL, 'me')
    world.clock.advance(TTL / 2)
    const second = await taken(two, 'job', TTL, 'me')
    assert.equal(second.token, first.token)
    assert.equal(await (first.release() as Promise<unknown>), true)
    assert.equal(await one.lock.acquire('job', TTL, 'you'), null)
    assert.equal(await (second.release() as Promise<unknown>), true)
    assert.ok((await taken(one, 'job', TTL, 'me')).token > first.token)
  })

  check('a lock is held until its last release, also when its generated owner acquired it again', async (world) => {
    const [one, two] = await pair(world)
    for (const again of [one, two]) {
      for (const order of [
        [0, 1, 2],
        [1, 0, 2],
        [2, 1, 0],
      ]) {
        const first = await taken(one, 'job')
        const handles = [
          first,
          await taken(again, 'job', TTL, first.owner),
          await taken(again, 'job', TTL, first.owner),
        ]
        const releasedInOrder = order.map((at) => handles[at] as LeaseUnderTest)
        const last = releasedInOrder.pop()
        for (const handle of releasedInOrder) {
          assert.equal(await (handle.release() as Promise<unknown>), true)
          assert.equal(await two.lock.acquire('job', TTL), null)
          assert.equal(await last?.isValid(), true)
        }
        assert.equal(await (last?.release() as Promise<unknown>), true)
        const next = await taken(two, 'job')
        assert.ok(next.token > first.token)
        await next.release()
      }
    }
  })

  check('concurrent releases release every hold of a generated owner', async (world) => {
    const [one, two] = await pair(world)
    const first = await taken(one, 'job')
    const handles = [first, await taken(one, 'job', TTL, first.owner), await taken(two, 'job', TTL, first.owner)]
    const released = await Promise.all(handles.map((handle) => handle.release() as Promise<unknown>))
    assert.deepEqual(released, [true, true, true])
    assert.ok((await taken(one, 'job')).token > first.token)
  })

  check('a hold acquired again while the first one is being released is freed by its own release', async (world) => {
    const [one, two] = await pair(world)
    const owners = [undefined, 'me']
    for (const owner of owners) {
      const first = await taken(one, 'job', TTL, owner)
      const again = taken(one, 'job', TTL, first.owner)
      assert.equal(await (first.release() as Promise<unknown>), true)
      assert.equal(await two.lock.acquire('job', TTL), null)
      assert.equal(await ((await again).release() as Promise<unknown>), true)
      await (await taken(two, 'job')).release()
    }
  })

  check('a generated owner is never taken for another', async (world) => {
    // The same `random`, as in two processes with the same seed.
    const one = await world.adapter({ locks: 'database', random: () => 0.5 })
    const two = await world.second({ locks: 'database', random: () => 0.5 })
    const handle = await taken(one, 'job')
    assert.equal(await two.lock.acquire('job', TTL), null)
    assert.notEqual((await taken(two, 'other')).owner, handle.owner)
  })

  check('a late release does not release a hold of the next holder', async (world) => {
    const [one, two] = await pair(world)
    for (const owner of [undefined, 'me']) {
      const late = await taken(one, 'job', TTL, owner)
      world.clock.advance(TTL)
      const next = await taken(two, 'job', TTL, owner)
      assert.equal(await (late.release() as Promise<unknown>), false)
      assert.equal(await next.isValid(), true)
      assert.equal(await one.lock.acquire('job', TTL), null)
      await next.release()
    }
  })

  check('two concurrent releases of one hold release it once', async (world) => {
    const [one, two] = await pair(world)
    const first = await taken(one, 'job', TTL, 'me')
    await taken(one, 'job', TTL, 'me')
    assert.deepEqual(await Promise.all([first.release(), first.release()]), [true, false])
    assert.equal(await two.lock.acquire('job', TTL), null)
  })

  check('a force-release is noticed by the holder of another connection', async (world) => {
    const [one, two] = await pair(world)
    const handle = await taken(one, 'job')
    const { signal } = handle
    await two.lock.forceRelease('job')
    assert.equal(await handle.extend(TTL), false)
    assert.equal(signal.aborted, true)
    assert.equal((signal.reason as { code?: unknown }).code, 'LOCK_LOST')
    assert.equal(await handle.isValid(), false)
    assert.equal(await (handle.release() as Promise<unknown>), false)
  })

  check('a holder is notified when its lock was granted again, also to the same owner', async (world) => {
    const [one, two] = await pair(world)
    const inMemory = await world.adapter()
    const lost: readonly [AdapterUnderTest, () => Promise<void>][] = [
      [one, () => two.lock.forceRelease('job')],
      [inMemory, async () => world.clock.pass(TTL)],
    ]
    for (const [adapter, lose] of lost) {
      const { signal } = await taken(adapter, 'job', TTL, 'me')
      await lose()
      await taken(adapter, 'job', TTL, 'me')
      assert.match((signal.reason as Error).message, /^lock: the lease of lock "job" is over, and .* granted anew;/)
    }
  })

  check('locks of different prefixes are independent', async (world) => {
    const pairs = [
      ['a:', 'b:c'],
      ['a:b:', 'c'],
      ['', 'a:b:c'],
      ['A:', 'b:c'],
      ['\u0001', 'x'],
      ['', '\u0001x'],
    ] as const
    for (const [keyPrefix, key] of pairs) {
      await taken(await world.adapter({ keyPrefix, locks: 'database' }), key)
      assert.equal(await (await world.second({ keyPrefix, locks: 'database' })).lock.acquire(key, TTL), null)
    }
  })

  check('locks in memory and locks in the database are independent', async (world) => {
    await taken(await world.adapter(), 'job')
    await taken(await world.adapter({ locks: 'database' }), 'job')
  })

  check('nothing on the path of a renewal rejects, not even after disconnect', async (world) => {
    const adapter = await world.adapter({ locks: 'database' })
    const handle = await taken(adapter, 'job', TTL, 'me')
    const { signal } = handle
    await adapter.disconnect()
    assert.equal(signal.aborted, true)
    assert.equal(await handle.extend(TTL), false)
    assert.equal(await handle.isValid(), false)
    assert.equal(await (handle.release() as Promise<unknown>), false)
    for (const key of ['job', '', 'a\0b', '\ud800', 7 as never]) {
      assert.equal(await adapter.lock.extend(key, TTL, 'me'), false)
    }
  })

  check('an extension that the database refuses returns false and is reported', async (world) => {
    const events: { type?: string }[] = []
    const adapter = await world.adapter({ locks: 'database', onDiagnostic: (event) => events.push(event) })
    const handle = await taken(adapter, 'job')
    await world.rows('DROP TABLE go_goscope_locks')
    assert.equal(await handle.extend(TTL), false)
    assert.equal(await handle.isValid(), false)
    assert.equal(events.filter(({ type }) => type === 'background-error').length, 2)
  })

  check.inFile('a lost counter is an error, not a held lock', async (world) => {
    const adapter = await world.adapter({ locks: 'database' })
    await world.rows('DELETE FROM go_goscope_lock_counter')
    await refuses(() => adapter.lock.acquire('job', TTL), { code: 'CORRUPT', says: ['go_goscope_lock_counter'] })
  })

  check('expired and released locks do not accumulate in the file', async (world) => {
    const adapter = await world.adapter({ locks: 'database' })
    const together = 8
    for (let at = 0; at < 1_000; at += together) {
      const jobs = Array.from({ length: together }, (_, more) => `job ${at + more}`)
      const handles = await Promise.all(jobs.map((job) => taken(adapter, job, 1)))
      await Promise.all(handles.filter((_, index) => index % 2 === 0).map((handle) => handle.release()))
      world.clock.advance(1)
    }
    const [row] = await world.rows('SELECT count(*) AS count FROM go_goscope_locks')
    assert.ok(Number(row?.count) < 200, `${row?.count} rows are left`)
  })

  check('prune and sweepInterval remove expired and released locks', async (world) => {
    const count = async (): Promise<number> => (await world.rows('SELECT key FROM go_goscope_locks')).length
    const adapter = await world.adapter({ locks: 'database', sweepInterval: TTL })
    for (const key of ['one', 'two']) await taken(adapter, key)
    const kept = await taken(adapter, 'kept', 10 * TTL)
    world.clock.pass(TTL)
    assert.deepEqual(await adapter.prune(), { cache: 0, idempotency: 0 })
    assert.equal(await count(), 1)
    await taken(adapter, 'three')
    world.clock.advance(TTL)
    await eventually('it is swept', async () => (await count()) === 1)
    assert.equal(await kept.isValid(), true)
  })

  check('a lock that never expires can be released or force-released', async (world) => {
    const [one, two] = await pair(world)
    const handle = await taken(one, 'job', Number.POSITIVE_INFINITY)
    assert.equal(handle.signal.aborted, false)
    world.clock.advance(10 ** 12)
    assert.equal(await handle.isValid(), true)
    assert.equal(await two.lock.acquire('job', TTL), null)
    assert.equal(await handle.extend(1e300), true)
    await two.lock.forceRelease('job')
    await taken(two, 'job')
  })
})
