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
    // Shrinking must end before the runner's own limit, or the example is never shown.
    interruptAfterTimeLimit: 40_000 * Math.max(1, Number(factor ?? 1)),
    markInterruptAsFailure: true,
  })
}

/** Below this part of the examples, lists are tried in part too. */
const BRIEF = 0.2
const BRIEF_STEP = 4

/**
 * What to try of `items`: all of them, unless CONFORMANCE_RUNS asks for a small part of the examples, because the same
 * code has been tried on all of them elsewhere and what is under test is the way to it. Then every fourth.
 */
export function someOf<T>(items: readonly T[]): readonly T[] {
  return partBelow(BRIEF, items)
}

/** Below this part of the examples, an engine stands for all which tries more. */
const FULLEST = 0.3

/** As {@link someOf}, of items that our own code tells apart, and no engine: all of them where most examples are tried. */
export function someOfOurOwn<T>(items: readonly T[]): readonly T[] {
  return partBelow(FULLEST, items)
}

function partBelow<T>(part: number, items: readonly T[]): readonly T[] {
  const isBrief = Number(process.env.CONFORMANCE_RUNS ?? 1) < part
  return isBrief ? items.filter((_, at) => at % BRIEF_STEP === 0) : items
}
