import fc from 'fast-check'

/**
 * Runs `predicate` on `runs` random examples. A failure prints the shrunk example, its seed and its path; setting
 * CONFORMANCE_SEED repeats it, and CONFORMANCE_RUNS multiplies the number of runs.
 */
export async function forAll<T>(
  arbitrary: fc.Arbitrary<T>,
  runs: number,
  predicate: (example: T) => Promise<void>,
): Promise<void> {
  const { CONFORMANCE_SEED: seed, CONFORMANCE_RUNS: factor } = process.env
  await fc.assert(fc.asyncProperty(arbitrary, predicate), {
    numRuns: Math.ceil(runs * Number(factor ?? 1)),
    ...(seed === undefined ? {} : { seed: Number(seed) }),
    // Shrinking must end before the runner's own time limit, or the example is never shown.
    interruptAfterTimeLimit: 40_000 * Math.max(1, Number(factor ?? 1)),
    markInterruptAsFailure: true,
  })
}

/** Below this share of the examples, only a part of each list is tried. */
const BRIEF = 0.2
const BRIEF_STEP = 4

/**
 * Returns the items to try: all of them, or every fourth one if CONFORMANCE_RUNS asks for a small share of the examples. Then
 * the same code is tried with all of them in another run, and this run tests how the code is reached.
 */
export function someOf<T>(items: readonly T[]): readonly T[] {
  return partBelow(BRIEF, items)
}

/** Below this share of the examples, another run tries all items. */
const FULLEST = 0.4

/** As {@link someOf}, for items that differ only for our own code, not for an engine. All are tried where most examples are. */
export function someOfOurOwn<T>(items: readonly T[]): readonly T[] {
  return partBelow(FULLEST, items)
}

function partBelow<T>(part: number, items: readonly T[]): readonly T[] {
  const isBrief = Number(process.env.CONFORMANCE_RUNS ?? 1) < part
  return isBrief ? items.filter((_, at) => at % BRIEF_STEP === 0) : items
}
