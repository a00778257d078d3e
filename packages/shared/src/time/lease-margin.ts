const PART = 0.1
const LONGEST_MS = 1_000

/** ms before the end of a lease at which its holder stops relying on it: a tenth of it, at most a second. */
export function leaseMargin(lease: number): number {
  return Math.min(lease * PART, LONGEST_MS)
}
