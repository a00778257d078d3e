import assert from 'node:assert/strict'
import type { AdapterUnderTest, HoldOptionsUnderTest, LeaseUnderTest } from '../engine-under-test.js'
import { eventually } from '../eventually.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'

const KINDS = ['process', 'database'] as const
const LONG = 60_000

function granted(lease: LeaseUnderTest | null): LeaseUnderTest {
  assert.ok(lease, 'the lock was not granted')
  return lease
}

interface Waiting {
  readonly lease: Promise<LeaseUnderTest | null>
}

/** Calls `hold` and returns when it is waiting for the lock. */
async function waiting(world: World, { lock }: AdapterUnderTest, options: HoldOptionsUnderTest = {}): Promise<Waiting> {
  const before = world.clock.pending
  const lease = lock.hold('k', { ttl: LONG, wait: 10_000, ...options })
  // Some tests await the failure later.
  lease.catch(() => undefined)
  await eventually('it waits', () => world.clock.pending > before)
  return { lease }
}

/** Advances the clock 1 ms at a time until `done` has settled. */
async function soon(world: World, done: Promise<unknown>): Promise<void> {
  let isDone = false
  void done.finally(() => {
    isDone = true
  })
  await eventually('it has the lock', () => {
    if (!isDone) world.clock.advance(1)
    return isDone
  })
}

export const lockWaiting: EngineSuite = engineSuite('waiting for a lock', (check) => {
  for (const locks of KINDS) {
    const of = `${locks}: `

    check(`${of}a waiter is notified of a release at once, without the clock moving`, async (world) => {
      const adapter = await world.adapter({ locks })
      const holder = granted(await adapter.lock.acquire('k', LONG))
      const idle = world.clock.pending
      const { lease } = await waiting(world, adapter)
      await holder.release()
      assert.equal(await granted(await lease).isValid(), true)
      assert.equal(world.clock.pending, idle, 'no timer is left')
    })

    check(`${of}waiters get the lock in the order of their calls`, async (world) => {
      const one = await world.adapter({ locks })
      const two = await world.adapter({ locks })
      let holder = granted(await one.lock.acquire('k', LONG))
      const order: number[] = []
      const callers: Promise<void>[] = []
      for (let caller = 0; caller < 6; caller++) {
        const { lease } = await waiting(world, caller % 2 === 0 ? one : two)
        callers.push(
          lease.then(async (next) => {
            order.push(caller)
            assert.equal(await one.lock.acquire('k', LONG), null, 'two hold the lock')
            holder = granted(next)
            await holder.release()
          }),
        )
      }
      await holder.release()
      await Promise.all(callers)
      assert.deepEqual(order, [0, 1, 2, 3, 4, 5])
    })

    check(`${of}a wait that times out returns null, and not before`, async (world) => {
      const adapter = await world.adapter({ locks, random: () => 0.5 })
      const holder = granted(await adapter.lock.acquire('k', LONG))
      const idle = world.clock.pending
      const started = world.clock.now()
      let answer: unknown = 'none'
      const { lease } = await waiting(world, adapter, { wait: 300 })
      void lease.then((given) => {
        answer = given
      })
      while (answer === 'none') {
        await eventually('it waits or has ended', () => world.clock.pending > idle || answer !== 'none')
        if (answer === 'none') world.clock.advance(1)
        assert.ok(world.clock.now() - started <= 310, 'it waits too long')
      }
      assert.equal(answer, null)
      assert.ok(world.clock.now() - started >= 300, `it waited ${world.clock.now() - started} ms`)
      assert.equal(await holder.isValid(), true)
    })

    check(`${of}an aborted wait rejects with its reason, and the next waiter gets its turn`, async (world) => {
      const adapter = await world.adapter({ locks })
      const holder = granted(await adapter.lock.acquire('k', LONG))
      const controller = new AbortController()
      const first = await waiting(world, adapter, { signal: controller.signal })
      const second = await waiting(world, adapter)
      const reason = new Error('enough')
      controller.abort(reason)
      await assert.rejects(first.lease, reason)
      await holder.release()
      granted(await second.lease)
      await assert.rejects(adapter.lock.hold('free', { signal: controller.signal }), reason)
      granted(await adapter.lock.acquire('free', LONG))
    })

    check(`${of}a signal that aborts while the lock is granted releases it`, async (world) => {
      const adapter = await world.adapter({ locks })
      for (const wait of [0, 10_000]) {
        const controller = new AbortController()
        const holding = adapter.lock.hold('k', { ttl: LONG, wait, signal: controller.signal })
        const reason = new Error('enough')
        controller.abort(reason)
        await assert.rejects(holding, reason)
        await granted(await adapter.lock.acquire('k', LONG)).release()
      }
    })

    check(`${of}a waiter gets the lock of a dead holder when its lease ends`, async (world) => {
      const adapter = await world.adapter({ locks })
      granted(await adapter.lock.acquire('k', 5))
      const { lease } = await waiting(world, adapter)
      world.clock.advance(5)
      // A waiter that polls may find the free lock a little later.
      await soon(world, lease)
      assert.equal(await granted(await lease).isValid(), true)
    })

    check(`${of}the waiter behind one that gave up tries when the lease ends`, async (world) => {
      const adapter = await world.adapter({ locks })
      granted(await adapter.lock.acquire('k', 500))
      const controller = new AbortController()
      const first = await waiting(world, adapter, { signal: controller.signal })
      const second = await waiting(world, adapter)
      controller.abort(new Error('enough'))
      await assert.rejects(first.lease)
      const started = world.clock.now()
      await soon(world, second.lease)
      granted(await second.lease)
      assert.ok(world.clock.now() - started < 5_000, 'it was not told that it is the first now')
    })

    check(`${of}an owner that holds the lock acquires it again before the waiters`, async (world) => {
      const adapter = await world.adapter({ locks })
      const outer = granted(await adapter.lock.hold('k', { ttl: LONG, owner: 'me' }))
      const { lease } = await waiting(world, adapter)
      const inner = granted(await adapter.lock.hold('k', { ttl: LONG, owner: 'me', wait: 10_000 }))
      await inner.release()
      await outer.release()
      granted(await lease)
    })

    check(`${of}a force-released lock goes to the first waiter`, async (world) => {
      const adapter = await world.adapter({ locks })
      granted(await adapter.lock.acquire('k', Number.POSITIVE_INFINITY))
      const { lease } = await waiting(world, adapter, { wait: Number.POSITIVE_INFINITY })
      await adapter.lock.forceRelease('k')
      granted(await lease)
    })

    check(`${of}a lock that was waited for is renewed like any other`, async (world) => {
      const adapter = await world.adapter({ locks })
      const holder = granted(await adapter.lock.acquire('k', LONG))
      const { lease } = await waiting(world, adapter, { ttl: 300, renew: true })
      await holder.release()
      const renewed = granted(await lease)
      const before = renewed.expiresAt
      world.clock.advance(100)
      await eventually('it is renewed', () => renewed.expiresAt > before)
      await renewed.release()
    })

    check(`${of}disconnect rejects all waiters with CLOSED, not only the first`, async (world) => {
      const holder = await world.adapter({ locks })
      granted(await holder.lock.acquire('k', LONG))
      const adapter = await world.adapter({ locks })
      const waits = [await waiting(world, adapter), await waiting(world, adapter)]
      const refused = Promise.all(waits.map(({ lease }) => refuses(() => lease, { code: 'CLOSED' })))
      await adapter.disconnect()
      for (const { operation } of await refused) assert.equal(operation, 'lock.hold')
    })
  }

  check.betweenConnections('connections of a process share one queue for a lock in the database', async (world) => {
    const one = await world.adapter({ locks: 'database' })
    const two = await world.second({ locks: 'database' })
    const holder = granted(await one.lock.acquire('k', LONG))
    const order: string[] = []
    const first = (await waiting(world, two)).lease.then(async (lease) => {
      order.push('first')
      await granted(lease).release()
    })
    const second = (await waiting(world, one)).lease.then(() => order.push('second'))
    await holder.release()
    // With connections in two threads, the waiter finds the release by polling.
    await eventually('both had their turn', () => {
      if (order.length < 2) world.clock.advance(1)
      return order.length === 2
    })
    await Promise.all([first, second])
    assert.deepEqual(order, ['first', 'second'])
  })

  check('only the first waiter asks for the lock', async (world) => {
    const pauses: number[] = []
    const adapter = await world.adapter({ locks: 'database', random: () => pauses.shift() ?? 1 })
    granted(await adapter.lock.acquire('k', LONG))
    // The first polls again after 10 ms; the second would after 5 ms, if it polled.
    pauses.push(1, 0)
    const first = await waiting(world, adapter)
    const second = await waiting(world, adapter)
    const order: string[] = []
    void first.lease.then(() => order.push('first'))
    void second.lease.then(() => order.push('second'))
    await world.rows('DELETE FROM go_goscope_locks')
    await soon(world, Promise.race([first.lease, second.lease]))
    assert.deepEqual(order, ['first'])
    await granted(await first.lease).release()
    granted(await second.lease)
  })

  check('a release by another process is found by polling', async (world) => {
    const adapter = await world.adapter({ locks: 'database' })
    granted(await adapter.lock.acquire('k', LONG))
    const { lease } = await waiting(world, adapter)
    // As another process releases it: no waiter here is notified.
    await world.rows('DELETE FROM go_goscope_locks')
    await soon(world, lease)
    granted(await lease)
  })

  check('invalid wait options are refused, with what is accepted', async (world) => {
    const { lock } = await world.adapter()
    for (const wait of [-1, Number.NaN, '5', null]) {
      await refuses(() => lock.hold('k', { wait: wait as never }), { code: 'INVALID_ARGUMENT', says: ['wait', 'ms'] })
    }
    await refuses(() => lock.hold('k', { signal: {} as never }), { code: 'INVALID_ARGUMENT', says: ['signal'] })
    granted(await lock.acquire('k', LONG))
  })
})
