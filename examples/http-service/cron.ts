import { setTimeout as delay } from 'node:timers/promises'
import type { Persistence } from './database.ts'

// Renewed during the work, so it can be short. After a crash, the others wait at most this long.
const LEASE_MS = 2_000

export interface Cron {
  lock: Persistence['lock']
  /** Ends the loop. */
  signal: AbortSignal
  onError(error: unknown): void
}

/**
 * Runs `work` periodically, in one process at a time. A process without the lock skips its turn. Failed work is retried on the
 * next turn.
 *
 * @param ms The pause from the end of one turn to the next.
 * @param work Must end early when its signal aborts, because the lock was lost or the process ends.
 * @returns a promise that resolves when the loop has ended.
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
