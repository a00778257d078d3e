import assert from 'node:assert/strict'
import type { AdmitOptions, CircuitBreakerPersistedState, Permit } from '@go-go-scope/persistence-core/ports'
import fc from 'fast-check'
import type { CircuitBreakerUnderTest } from '../engine-under-test.js'
import { forAll } from '../property.js'
import { ReferenceProbes } from '../reference/reference-probes.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import { withoutUndefined } from '../without-undefined.js'

type Step =
  | { do: 'admit'; via: number; key: string; options: AdmitOptions }
  | { do: 'succeeded' | 'failed'; via: number; back: number; threshold: number }
  | { do: 'withdrawn'; via: number; back: number }
  | { do: 'recordFailure'; via: number; key: string; threshold: number }
  | { do: 'recordSuccess' | 'isolate' | 'reset'; via: number; key: string }
  | { do: 'setState'; via: number; key: string; state: CircuitBreakerPersistedState }
  | { do: 'advance' | 'jump'; ms: number }

const via = fc.nat({ max: 1 })
// Mostly the same key, so that calls of a run meet on it.
const key = fc.constantFrom('a', 'a', 'a', 'b')
// Timeouts, leases and waits that often end in the same millisecond.
const COMMON_MS = [1, 5, 20]
const resetTimeout = fc.oneof(fc.constant(0), fc.constantFrom(...COMMON_MS), fc.nat({ max: 40 }))
const lease = fc.option(fc.oneof(fc.constantFrom(...COMMON_MS), fc.integer({ min: 1, max: 40 })), { nil: undefined })
const wait = fc.oneof(fc.constantFrom(...COMMON_MS), fc.integer({ min: 0, max: 30 }))
const probes = fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined, freq: 2 })
const options = fc.record({ resetTimeout, probes, lease }).map((given) => withoutUndefined(given) as AdmitOptions)
const threshold = fc.integer({ min: 1, max: 4 })
const time = fc.option(fc.nat({ max: 2 ** 42 }), { nil: undefined })
const state = fc
  .record({
    state: fc.constantFrom('closed', 'open', 'half-open'),
    failureCount: fc.nat({ max: 4 }),
    lastFailureTime: time,
    lastSuccessTime: time,
  })
  .map((given) => withoutUndefined(given) as CircuitBreakerPersistedState)
// Mostly a recent permit, sometimes one of a period long past.
const back = fc.oneof({ weight: 3, arbitrary: fc.nat({ max: 2 }) }, { weight: 1, arbitrary: fc.nat({ max: 9 }) })

const step = fc.oneof(
  { weight: 7, arbitrary: fc.record({ do: fc.constant('admit'), via, key, options }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('succeeded', 'failed'), via, back, threshold }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('withdrawn'), via, back }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('recordFailure'), via, key, threshold }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('recordSuccess', 'isolate', 'reset'), via, key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('setState'), via, key, state }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('advance'), ms: wait }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('jump'), ms: fc.integer({ min: -60, max: 60 }) }) },
) as fc.Arbitrary<Step>

/** Makes one step and returns its answer. `back` counts permits from the latest one. */
async function answer(circuits: readonly CircuitBreakerUnderTest[], permits: Permit[], step: Step): Promise<unknown> {
  if (!('via' in step)) return undefined
  const circuit = circuits[step.via] as CircuitBreakerUnderTest
  const permit = 'back' in step ? permits.at(-1 - step.back) : undefined
  switch (step.do) {
    case 'admit': {
      const admission = await circuit.admit(step.key, step.options)
      if (!admission.admitted) return admission
      permits.push(admission.permit)
      return { admitted: admission.state, probe: admission.permit.probe !== undefined }
    }
    case 'succeeded':
    case 'failed':
      return permit && circuit[step.do](permit, step.threshold)
    case 'withdrawn':
      return permit && circuit.withdrawn(permit)
    case 'recordFailure':
      return circuit.recordFailure(step.key, step.threshold)
    case 'setState':
      return circuit.setState(step.key, step.state)
    default:
      return circuit[step.do](step.key)
  }
}

/** A generation identifies one period of a circuit: it grows with each new period and only then. */
function expectGenerationsToGrow(permits: readonly Permit[], expected: readonly Permit[]): void {
  const latest = new Map<string, number>()
  for (const [index, { key, generation }] of permits.entries()) {
    const before = latest.get(key)
    latest.set(key, index)
    if (before === undefined) continue
    const grew = generation - (permits[before]?.generation ?? 0)
    const periods = (expected[index]?.generation ?? 0) - (expected[before]?.generation ?? 0)
    assert.equal(Math.sign(grew), Math.sign(periods), `the generations of permits ${before} and ${index}`)
  }
}

export const probeModel: EngineSuite = engineSuite('model of probes', (check) => {
  check('any calls on two connections, with any jumps of the clock, answer as a map would', async (world) => {
    let run = 0
    const first = await world.adapter()
    await forAll(fc.array(step, { maxLength: 40, size: 'max' }), 250, async (steps) => {
      const options = { keyPrefix: `run ${run++}:` }
      const adapters = [await world.adapter(options), await world.second(options)]
      const circuits = adapters.map((adapter) => adapter.circuitBreaker)
      const reference = new ReferenceProbes(world.clock.now) as unknown as CircuitBreakerUnderTest
      const permits: Permit[] = []
      const expected: Permit[] = []
      for (const one of [circuits[0], reference]) await one?.recordFailure('a', 1)
      for (const [index, step] of steps.entries()) {
        if (step.do === 'advance') world.clock.advance(step.ms)
        if (step.do === 'jump') world.clock.jump(step.ms)
        const context = `step ${index}: ${step.do}`
        const given = await answer(circuits, permits, step)
        assert.deepEqual(given, await answer([reference, reference], expected, step), context)
        const key = 'key' in step ? step.key : 'a'
        assert.deepEqual(await circuits[index % 2]?.getState(key), await reference.getState(key), `after ${context}`)
      }
      expectGenerationsToGrow(permits, expected)
    })
    assert.deepEqual((await first.verify()).faults, [])
  })
})
