import { setTimeout as delay } from 'node:timers/promises'
import type { Persistence } from './database.ts'

// Renewed while the work goes on, so that it may be short: it is what the others wait after a crash.
const LEASE_MS = 2_000

export interface Cron {
  lock: Persistence['lock']
  /** Ends it. */
  signal: AbortSignal
  onError(error: unknown): void
}

/**
 * Does `work` every so often, in one process at a time: who does not get the lock leaves it to the one that has it. Work that
 * fails is tried again the next time.
 *
 * @param ms from the end of one turn to the next
 * @param work must end early when its signal aborts: the lock was lost, or the process ends
 * @returns a promise that settles when it has ended
 */
export async function every(
  ms: number,
  name: string,
  work: (signal: AbortSignal) => Promise<void>,
  { lock, signal, onError }: Cron,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const held = await lock.hold(name, { ttl: LEASE_MS, renew: true })
      if (held !== null) {
        try {
          await work(AbortSignal.any([held.signal, signal]))
        } finally {
          await held.release()
        }
      }
    } catch (error) {
      if (!signal.aborted) onError(error)
    }
    await delay(ms, undefined, { signal }).catch(() => undefined)
  }
}
