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
