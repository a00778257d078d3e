import { hasCode, PersistenceError } from '../../../errors/persistence-error.js'

/** How long a follower waits for other writers of its source. */
export interface BusyWait {
  /** ms. */
  readonly busyTimeout: number
  monotonic(): number
  /** Returns whether no one waits for the outcome any longer. */
  stopping(): boolean
}

/**
 * Retries `step` while other writers hold the source. Each statement of a follower waits only briefly, because rounds and readers
 * of the standby wait with it. Entering and leaving the log must succeed nevertheless.
 *
 * @param remedy What the caller can do, for the message.
 * @throws PersistenceError `BUSY` after `busyTimeout`, and any other error of `step`.
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
