import assert from 'node:assert/strict'
import fc from 'fast-check'
import { onEngine, onReference, type Step } from '../model/step.js'
import { stepsOf, wait } from '../model/step-arbitraries.js'
import { forAll } from '../property.js'
import { referenceProviders } from '../reference/reference-providers.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'

type Move = Step | { readonly advance: number } | { readonly jump: number }

const RUNS = 250

function moves(step: fc.Arbitrary<Step>): fc.Arbitrary<Move[]> {
  const move = fc.oneof(
    { weight: 6, arbitrary: step },
    { weight: 2, arbitrary: fc.record({ advance: wait }) },
    { weight: 1, arbitrary: fc.record({ jump: fc.integer({ min: -60, max: 60 }) }) },
  )
  return fc.array<Move>(move, { maxLength: 40, size: 'max' })
}

async function holdsForAny(world: World, step: fc.Arbitrary<Step>): Promise<void> {
  let run = 0
  await world.adapter()
  await forAll(moves(step), RUNS, async (moves) => {
    const adapter = await world.adapter({ keyPrefix: `run ${run++}:` })
    const reference = referenceProviders(world.clock)
    for (const [index, move] of moves.entries()) {
      if ('advance' in move) world.clock.advance(move.advance)
      else if ('jump' in move) {
        // A sweep may remove expired rows at any time, so it is open whether a clock that is set back revives them. Sweep now.
        if (move.jump < 0) await Promise.all([adapter.prune(), reference.cache.prune(), reference.idempotency.prune()])
        world.clock.jump(move.jump)
      } else {
        const expected = await onReference(reference, move)
        assert.deepEqual(await onEngine(adapter, move), expected, `move ${index}: ${move.store}.${move.method}`)
      }
    }
  })
}

export const storeModels: EngineSuite = engineSuite('store models', (check) => {
  for (const [store, step] of Object.entries(stepsOf)) {
    // The title in words: circuitBreaker becomes circuit breaker.
    const name = store.replace(/[A-Z]/, (letter) => ` ${letter.toLowerCase()}`)
    check(`${name}: any calls and clock moves answer as a plain map would`, (world) => holdsForAny(world, step))
  }
})
