import assert from 'node:assert/strict'
import type { LockHandle } from '@go-go-scope/persistence-core/ports'
import fc from 'fast-check'
import type { LeaseUnderTest, LocksUnderTest } from '../engine-under-test.js'
import { forAll } from '../property.js'
import { ReferenceLocks } from '../reference/reference-locks.js'
import { type EngineSuite, engineSuite } from '../suite.js'

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
// Leases and waits that often end in the same millisecond.
const COMMON_MS = [1, 5, 20]
const ttl = fc.oneof(fc.constantFrom(...COMMON_MS), fc.integer({ min: 1, max: 40 }))
const wait = fc.oneof(fc.constantFrom(...COMMON_MS), fc.integer({ min: 0, max: 30 }))
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
  { weight: 3, arbitrary: fc.record({ do: fc.constant('advance'), ms: wait }) },
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

/** Checks that each grant's token is greater than all earlier ones, unless this owner already held the lock. */
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

export const leaseModel: EngineSuite = engineSuite('model of locks in the database', (check) => {
  check(
    'any calls on two connections, with any jumps of the clock, answer as a map by a clock that never goes back',
    async (world) => {
      let run = 0
      // By how many ms the latest time seen is ahead of the wall clock.
      let ahead = 0
      const first = await world.adapter()
      await forAll(fc.array(step, { maxLength: 40, size: 'max' }), 250, async (steps) => {
        const options = { locks: 'database', keyPrefix: `run ${run++}:` } as const
        const adapters = [await world.adapter(options), await world.second(options)]
        const probe = await adapters[0]?.lock.acquire('probe', Number.POSITIVE_INFINITY)
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
          // The adapter sees a time only when a call reads the clock.
          assert.equal(await probe?.isValid(), true)
          const granted = real.length
          const locks = adapters.map((adapter) => adapter.lock)
          assert.deepEqual(await answer(locks, real, step), await answer([reference, reference], expected, step))
          for (const handle of real.slice(granted)) tokens.add(handle)
        }
        for (const [index, handle] of real.entries()) {
          assert.equal(await handle.isValid(), await expected[index]?.isValid(), `handle ${index} at the end`)
        }
      })
      assert.deepEqual((await first.verify()).faults, [])
    },
  )
})
