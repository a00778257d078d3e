import assert from 'node:assert/strict'
import type { ClaimedKey, ClaimOptions } from '@go-go-scope/persistence-core/ports'
import fc from 'fast-check'
import type { IdempotencyUnderTest } from '../engine-under-test.js'
import { forAll } from '../property.js'
import { ClaimedFile, ReferenceClaims } from '../reference/reference-claims.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import { withoutUndefined } from '../without-undefined.js'

type Step =
  | { do: 'claim'; via: number; key: string; options: ClaimOptions }
  | { do: 'complete' | 'fail'; via: number; back: number; value: number | typeof unstorable }
  | { do: 'renew'; via: number; back: number; lease: number }
  | { do: 'set'; via: number; key: string; value: number; ttl: number | undefined }
  | { do: 'get' | 'delete'; via: number; key: string }
  | { do: 'advance'; ms: number }
  /** Sets the clock while the connection `via` reads it. */
  | { do: 'jump'; via: number; ms: number }

const via = fc.nat({ max: 1 })
const key = fc.constantFrom('a', 'b')
// Leases, times to live and waits that often end in the same millisecond.
const COMMON_MS = [1, 5, 20]
const lease = fc.oneof(fc.constantFrom(...COMMON_MS), fc.integer({ min: 1, max: 40 }))
const ttl = fc.option(lease, { nil: undefined, freq: 2 })
const wait = fc.oneof(fc.constantFrom(...COMMON_MS), fc.integer({ min: 0, max: 30 }))
const fingerprint = fc.option(fc.constantFrom('x', 'y'), { nil: undefined, freq: 2 })
const onFailure = fc.constantFrom('forget', 'keep')
const options = fc
  .record({ lease, ttl, fingerprint, onFailure })
  .map((given) => withoutUndefined(given) as ClaimOptions)
const unstorable = (): void => undefined
const number = fc.nat({ max: 99 })
const value = fc.oneof({ weight: 4, arbitrary: number }, { weight: 1, arbitrary: fc.constant(unstorable) })
// Mostly the latest claim, sometimes one that was superseded long ago.
const back = fc.oneof({ weight: 3, arbitrary: fc.nat({ max: 1 }) }, { weight: 1, arbitrary: fc.nat({ max: 6 }) })

const STEPS = [
  { weight: 6, arbitrary: fc.record({ do: fc.constant('claim'), via, key, options }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('complete'), via, back, value }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('fail'), via, back, value }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('renew'), via, back, lease }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('set'), via, key, value: number, ttl }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('get', 'delete'), via, key }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('advance'), ms: wait }) },
] as const

/** @param setBack The greatest jump backward, in ms. */
const step = (setBack: number): fc.Arbitrary<Step> =>
  fc.oneof(...STEPS, {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('jump'), via, ms: fc.integer({ min: -setBack, max: 60 }) }),
  }) as fc.Arbitrary<Step>

async function claimOf(store: IdempotencyUnderTest, held: ClaimedKey<unknown>[], key: string, options: ClaimOptions) {
  const claim = await store.claim<unknown>(key, options)
  if (claim.state !== 'claimed') return claim
  held.push(claim)
  return { claimed: claim.expiresAt }
}

/** The outcome of a step; an error is reduced to the fields that are promised. */
async function outcome(stores: readonly IdempotencyUnderTest[], held: ClaimedKey<unknown>[], step: Step) {
  try {
    return promised(await answer(stores, held, step))
  } catch (error) {
    return { refused: promised(error) }
  }
}

function promised(value: unknown): unknown {
  if (value instanceof Error) {
    const { code, record } = value as { code?: unknown; record?: unknown }
    return code === undefined ? value : { code, record: promised(record) }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, promised(member)]))
}

/** Makes one step and returns its answer. `back` counts claims from the latest one. */
async function answer(stores: readonly IdempotencyUnderTest[], held: ClaimedKey<unknown>[], step: Step) {
  if (step.do === 'advance' || step.do === 'jump') return undefined
  const store = stores[step.via] as IdempotencyUnderTest
  const claimed = 'back' in step ? held.at(-1 - step.back) : undefined
  switch (step.do) {
    case 'claim':
      return claimOf(store, held, step.key, step.options)
    case 'complete':
      return claimed?.complete(step.value)
    case 'fail':
      return claimed?.fail(step.value)
    case 'renew':
      return [await claimed?.renew(step.lease), claimed?.expiresAt]
    case 'set':
      return store.set(step.key, step.value, step.ttl)
    case 'get':
      return withoutUndefined(await store.get(step.key))
    case 'delete':
      await store.delete(step.key)
      return undefined
  }
}

export const claimModel: EngineSuite = engineSuite('model of claims', (check) => {
  check('any calls on two connections, with any jumps of the clock, answer as two maps would', async (world) => {
    const { clock } = world
    let run = 0
    let generation = 0
    // Separate clocks, so that each connection knows only the times it has seen, as separate processes do.
    const first = await world.adapter({ clock: { ...clock } })
    await world.second({ clock: { ...clock } })
    // When a server's clock is set back, a lease that has ended is valid again, so a waiter may wait longer.
    const steps = fc.array(step(world.inFile ? 60 : 0), { maxLength: 40, size: 'max' })
    await forAll(steps, 250, async (steps) => {
      // Later than any time that an earlier run has seen.
      clock.jump(1_000_000)
      const options = { keyPrefix: `run ${run++}:` }
      const adapters = [await world.adapter(options), await world.second(options)]
      const stores = adapters.map((adapter) => adapter.idempotency)
      const file = new ClaimedFile()
      const references = adapters.map(() => new ReferenceClaims(file, clock) as unknown as IdempotencyUnderTest)
      const real: ClaimedKey<unknown>[] = []
      const expected: ClaimedKey<unknown>[] = []
      for (const [index, step] of steps.entries()) {
        if (step.do === 'advance') clock.advance(step.ms)
        if (step.do === 'jump') {
          // A sweep may remove expired rows at any time, so it is open whether a clock that is set back revives them. Sweep now.
          await stores[step.via]?.prune()
          await references[step.via]?.prune()
          clock.jump(step.ms)
        }
        const granted = real.length
        const context = `step ${index}: ${step.do}`
        assert.deepEqual(await outcome(stores, real, step), await outcome(references, expected, step), context)
        for (const claim of real.slice(granted)) {
          assert.ok(claim.generation > generation, `generation ${claim.generation} after ${generation}`)
          generation = claim.generation
        }
      }
    })
    assert.deepEqual((await first.verify()).faults, [])
  })
})
