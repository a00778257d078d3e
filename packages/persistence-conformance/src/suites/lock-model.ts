import assert from 'node:assert/strict'
import type { LockHandle } from '@go-go-scope/persistence-core/ports'
import fc from 'fast-check'
import type { LocksUnderTest } from '../engine-under-test.js'
import type { ManualClock } from '../manual-clock.js'
import { forAll } from '../property.js'
import { ReferenceLocks } from '../reference/reference-locks.js'
import { type EngineSuite, engineSuite } from '../suite.js'

type LockStep =
  | { do: 'acquire'; key: string; ttl: number; owner: string | undefined }
  | { do: 'join'; index: number; ttl: number }
  | { do: 'extend'; key: string; ttl: number; owner: string }
  | { do: 'force'; key: string }
  | { do: 'handle'; index: number; call: 'release' | 'isValid' }
  | { do: 'renew'; index: number; ttl: number }
  | { do: 'advance' | 'jump'; ms: number }

const key = fc.constantFrom('a', 'b', 'c')
const owner = fc.constantFrom('x', 'y')
// Leases and waits that often end in the same millisecond.
const COMMON_MS = [1, 5, 20]
const ttl = fc.oneof(fc.constantFrom(...COMMON_MS), fc.integer({ min: 1, max: 40 }))
const wait = fc.oneof(fc.constantFrom(...COMMON_MS), fc.integer({ min: 0, max: 30 }))
const index = fc.nat({ max: 9 })

const step: fc.Arbitrary<LockStep> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('acquire'), key, ttl, owner: fc.option(owner, { nil: undefined }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('join'), index, ttl }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('extend'), key, ttl, owner }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('force'), key }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('handle'), index, call: fc.constantFrom('release', 'isValid') }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('renew'), index, ttl }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('advance'), ms: wait }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('jump'), ms: fc.integer({ min: -1_000_000, max: 1_000_000 }) }) },
) as fc.Arbitrary<LockStep>

async function answer(locks: LocksUnderTest, handles: LockHandle[], step: LockStep): Promise<unknown> {
  switch (step.do) {
    case 'acquire': {
      const handle = await locks.acquire(step.key, step.ttl, step.owner)
      if (handle !== null) handles.push(handle)
      return handle !== null
    }
    case 'join': {
      // Also the owner may have been generated. Then its first hold is released in another way than those acquired by its name.
      const joined = handles[step.index] as (LockHandle & { key: string; owner: string }) | undefined
      if (joined === undefined) return undefined
      return answer(locks, handles, { do: 'acquire', key: joined.key, ttl: step.ttl, owner: joined.owner })
    }
    case 'extend':
      return locks.extend(step.key, step.ttl, step.owner)
    case 'force':
      await locks.forceRelease(step.key)
      return undefined
    case 'handle': {
      const answer: unknown = await handles[step.index]?.[step.call]()
      return step.call === 'isValid' ? answer : undefined
    }
    case 'renew':
      return handles[step.index]?.extend(step.ttl)
    default:
      return undefined
  }
}

function move(clock: ManualClock, step: LockStep): void {
  if (step.do === 'advance') clock.advance(step.ms)
  if (step.do === 'jump') clock.jump(step.ms)
}

export const lockModel: EngineSuite = engineSuite('lock model', (check) => {
  check('any sequence of calls and clock moves answers as a plain map would', async (world) => {
    let run = 0
    await world.adapter()
    await forAll(fc.array(step, { maxLength: 40, size: 'max' }), 400, async (steps) => {
      const adapter = await world.adapter({ keyPrefix: `run ${run++}:` })
      const reference = new ReferenceLocks(world.clock.monotonic) as unknown as LocksUnderTest
      const real: LockHandle[] = []
      const expected: LockHandle[] = []
      for (const step of steps) {
        move(world.clock, step)
        assert.deepEqual(await answer(adapter.lock, real, step), await answer(reference, expected, step))
      }
      for (const [index, handle] of real.entries()) {
        assert.equal(await handle.isValid(), await expected[index]?.isValid(), `handle ${index} at the end`)
      }
    })
  })

  check('calls that do not wait for each other answer in the order they were made', async (world) => {
    let run = 0
    await world.adapter()
    const untimed = step.filter(({ do: kind }) => kind === 'acquire' || kind === 'extend' || kind === 'force')
    await forAll(fc.array(untimed, { maxLength: 25 }), 100, async (steps) => {
      const adapter = await world.adapter({ keyPrefix: `order ${run++}:` })
      const reference = new ReferenceLocks(world.clock.monotonic) as unknown as LocksUnderTest
      const answers = await Promise.all(steps.map((step) => answer(adapter.lock, [], step)))
      const expected = []
      for (const step of steps) expected.push(await answer(reference, [], step))
      assert.deepEqual(answers, expected)
    })
  })
})
