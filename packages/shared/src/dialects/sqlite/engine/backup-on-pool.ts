import { stat } from 'node:fs/promises'
import type { SqlDriver } from '../../../driver/driver.js'
import { nextTurn, pause } from '../../../time/clock.js'
import type { BackupSteps } from './backup-steps.js'

const CHECK_EVERY_MS = 5
// For a throttled copy that is slower than its limit anyway.
const CHECK_EVERY_MS_BEHIND = 1
const WAIT = 'go_goscope_wait'
// Copied pages stay in the engine's cache, 2 MiB by default, before they show in the file.
const UNSEEN_BYTES = 2_097_152

/** A handle of such an engine. */
export interface FunctionHandle {
  function(name: string, run: (ms: number) => number): void
}

/**
 * Runs the backup of an engine that copies on a pool thread, step after step, and cannot be stopped or paused. Its progress shows
 * in the size of the target, because an error from its progress callback would end the process when the thread is ended. A
 * function that runs on the same connection throttles it, because each step needs the mutex of that connection.
 *
 * @param start Starts the copy.
 */
export async function backupOnPool(
  handle: FunctionHandle,
  driver: SqlDriver,
  target: string,
  steps: BackupSteps,
  start: () => Promise<unknown>,
): Promise<void> {
  const { totalPages, pageBytes, paced } = steps
  const mostUnseen = Math.ceil(UNSEEN_BYTES / pageBytes)
  handle.function(WAIT, (ms) => {
    steps.wait(ms)
    return 0
  })
  let over = false
  const copied = start().finally(() => {
    over = true
  })
  let unseen = 0
  let seen = 0
  let ahead = true
  try {
    for (;;) {
      // A throttled copy gets little more than the time of one step between two waits. A copy that a slow disk limits anyway is
      // checked less often.
      const look = paced && ahead ? nextTurn() : pause(paced ? CHECK_EVERY_MS_BEHIND : CHECK_EVERY_MS)
      await Promise.race([copied, look])
      if (over) return
      const before = seen
      seen = Math.min(totalPages, Math.floor((await stat(target)).size / pageBytes))
      // Pages that show now were counted as unseen before. Assume that one step was made since the last check.
      unseen = Math.min(mostUnseen, totalPages - seen, Math.max(0, unseen - (seen - before)) + steps.rate)
      const wait = steps.next({ totalPages, remainingPages: totalPages - seen }, unseen)
      ahead = wait > 0
      if (ahead) await driver.query(`SELECT ${WAIT}(?1)`, [wait])
    }
  } finally {
    // Also when it is to stop, because the engine has the target open until it is done.
    await copied
  }
}
