import { hasCode, PersistenceError } from '../../../errors/persistence-error.js'

/** How long a follower waits for other writers of its source. */
export interface BusyWait {
  /** ms. */
  readonly busyTimeout: number
  monotonic(): number
  /** Whether nobody waits for the outcome any more. */
  stopping(): boolean
}

/**
 * Tries `step` anew while other writers have the source. The connection of a follower waits for them only shortly: rounds, and
 * those who read the standby between them, wait along. Entering the log and leaving it have to succeed all the same.
 *
 * @param remedy What the caller can do, for the message.
 * @throws PersistenceError `BUSY` after `busyTimeout`, and what else `step` throws.
 */
export async function retryWhileBusy<Result>(
  operation: string,
  remedy: string,
  { busyTimeout, monotonic, stopping }: BusyWait,
  step: () => Promise<Result>,
): Promise<Result> {
  const since = monotonic()
  for (;;) {
    try {
      return await step()
    } catch (error) {
      if (!hasCode(error, 'BUSY')) throw error
      const waited = monotonic() - since
      if (waited < busyTimeout && !stopping()) continue
      throw new PersistenceError(
        'BUSY',
        operation,
        `${operation}: gave up after ${Math.round(waited)} ms, others write to the source without a pause; ${remedy}`,
        error,
      )
    }
  }
}
