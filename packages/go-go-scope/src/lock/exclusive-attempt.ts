import type { Attempt, Claimant } from './attempt.js'
import { LeasedLock } from './leased-lock.js'

/** One key, one holder. */
export function exclusiveAttempt(claimant: Claimant): Attempt {
  return {
    committed: false,
    try: () => LeasedLock.acquire(claimant, `lock:exclusive:${claimant.key}`),
    abandon: async () => {},
  }
}
