import assert from 'node:assert/strict'
import type { LockHandle } from '@go-go-scope/persistence-sqlite-core/ports'
import fc from 'fast-check'
import type { AdapterUnderTest, LeaseUnderTest, LocksUnderTest } from '../engine-under-test.js'
import { ManualClock } from '../manual-clock.js'
import { forAll } from '../property.js'
import { ReferenceLocks } from '../reference/reference-locks.js'
import { type EngineSuite, engineSuite } from '../suite.js'

const TTL = 1_000
const DAY = 86_400_000
const database = { locks: 'database' } as const

async function taken(adapter: AdapterUnderTest, key: string, ttl = TTL): Promise<LeaseUnderTest> {
  const handle = await adapter.lock.acquire(key, ttl)
  assert.ok(handle !== null, `${key} should have been free`)
  return handle
}

type Step =
  | { do: 'acquire'; via: number; key: string; ttl: number; owner: string | undefined }
  | { do: 'extend'; via: number; key: string; ttl: number; owner: string }
  | { do: 'force'; via: number; key: string }
  | { do: 'release' | 'isValid'; index: number }
  | { do: 'renew'; index: number; ttl: number }
  | { do: 'advance' | 'jump'; ms: number }

const via = fc.nat({ max: 1 })
const key = fc.constantFrom('a', 'b')
const owner = fc.constantFrom('x', 'y')
const ttl = fc.integer({ min: 1, max: 40 })
const index = fc.nat({ max: 9 })

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('acquire'), via, key, ttl, owner: fc.option(owner, { nil: undefined }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('extend'), via, key, ttl, owner }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('force'), via, key }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('release', 'isValid'), index }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('renew'), index, ttl }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('advance'), ms: fc.integer({ min: 0, max: 30 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('jump'), ms: fc.integer({ min: -60, max: 60 }) }) },
) as fc.Arbitrary<Step>

async function answer(locks: readonly LocksUnderTest[], handles: LockHandle[], step: Step): Promise<unknown> {
  switch (step.do) {
    case 'acquire': {
      const handle = await (locks[step.via] as LocksUnderTest).acquire(step.key, step.ttl, step.owner)
      if (handle !== null) handles.push(handle)
      return handle !== null
    }
    case 'extend':
      return (locks[step.via] as LocksUnderTest).extend(step.key, step.ttl, step.owner)
    case 'force':
      return (locks[step.via] as LocksUnderTest).forceRelease(step.key)
    case 'release':
      await handles[step.index]?.release()
      return undefined
    case 'isValid':
      return handles[step.index]?.isValid()
    case 'renew':
      return handles[step.index]?.extend(step.ttl)
    default:
      return undefined
  }
}

/** Every grant's token is above all before it, unless the lock was held by this owner already. */
class Tokens {
  #highest = 0
  readonly #held = new Map<string, number>()

  add({ key, owner, token }: LeaseUnderTest): void {
    const name = JSON.stringify([key, owner])
    assert.ok(token > this.#highest || token === this.#held.get(name), `token ${token} after ${this.#highest}`)
    this.#held.set(name, token)
    this.#highest = Math.max(this.#highest, token)
  }
}

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

  check(
    'what another process has seen of the time holds for one that starts with a clock that is behind',
    async (world) => {
      const one = await world.adapter(database)
      const first = await taken(one, 'job')
      world.clock.advance(TTL)
      const second = await taken(one, 'job')
      // As a process of its own: it has no memory of the time, only the file has.
      const behind = new ManualClock()
      behind.jump(-DAY)
      const other = await world.second({ ...database, clock: behind })
      assert.equal(await first.isValid(), false)
      assert.equal(await other.lock.acquire('job', TTL), null)
      const own = await taken(other, 'own')
      assert.ok(own.token > second.token)
      assert.equal(await one.lock.acquire('own', TTL), null, 'a lease granted by a clock that is behind lasts as long')
      // It has seen the file's time by now, and its own goes on from there.
      behind.advance(TTL)
      await taken(other, 'job')
      assert.equal(await own.isValid(), false)
    },
  )

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
  }

  check(
    'any calls on two connections, with any jumps of the clock, answer as a map by a clock that never goes back',
    async (world) => {
      let run = 0
      // By how much the time that was seen is past the wall clock.
      let ahead = 0
      await world.adapter()
      await forAll(fc.array(step, { maxLength: 40 }), 150, async (steps) => {
        const options = { ...database, keyPrefix: `run ${run++}:` }
        const adapters = [await world.adapter(options), await world.second(options)]
        const probe = await taken(adapters[0] as AdapterUnderTest, 'probe', Number.POSITIVE_INFINITY)
        let time = 0
        const reference = new ReferenceLocks(() => time) as unknown as LocksUnderTest
        const real: LeaseUnderTest[] = []
        const expected: LockHandle[] = []
        const tokens = new Tokens()
        for (const step of steps) {
          if (step.do === 'advance') {
            world.clock.advance(step.ms)
            time += step.ms
          } else if (step.do === 'jump') {
            world.clock.jump(step.ms)
            ahead -= step.ms
            time -= Math.min(0, ahead)
            ahead = Math.max(0, ahead)
          }
          // A time counts once somebody has asked for it.
          assert.equal(await probe.isValid(), true)
          const granted = real.length
          const locks = adapters.map((adapter) => adapter.lock)
          assert.deepEqual(await answer(locks, real, step), await answer([reference, reference], expected, step))
          for (const handle of real.slice(granted)) tokens.add(handle)
        }
        for (const [index, handle] of real.entries()) {
          assert.equal(await handle.isValid(), await expected[index]?.isValid(), `handle ${index} at the end`)
        }
      })
    },
  )
})
