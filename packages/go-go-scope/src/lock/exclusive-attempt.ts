import type { Attempt, Claimant } from './attempt.js'
import { Lease } from './lease.js'

/** One key, one holder. */
export function exclusiveAttempt(claimant: Claimant): Attempt {
  return {
    committed: false,
    try: () => Lease.acquire(claimant, `lock:exclusive:${claimant.key}`),
    abandon: async () => {},
  }
}
