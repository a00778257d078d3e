import { stat } from 'node:fs/promises'
import type { SqlDriver } from '../../../driver/driver.js'
import { nextTurn, pause } from '../../../time/clock.js'
import type { BackupSteps } from './backup-steps.js'

const LOOK_EVERY_MS = 5
// Of a copy that is to be held back and is slower than that by itself.
const LOOK_EVERY_MS_BEHIND = 1
const WAIT = 'go_goscope_wait'
// Pages of the target wait in the engine's cache, 2 MiB by default, before they show in the file.
const UNSEEN_BYTES = 2_097_152

/** A handle of such an engine. */
export interface FunctionHandle {
  function(name: string, run: (ms: number) => number): void
}

/**
 * Runs the backup of an engine that copies on a thread of its pool, one step after the other, and cannot be told to stop
 * or to wait. How far it is shows in the size of the target; what its own progress calls throw would end the process
 * where the thread is ended. It is held back by a function that runs on the same connection, whose mutex each step needs.
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
      // A copy that is held back gets little more than the time of one step between two waits. One that a slow disk holds
      // back anyway is not looked at all the time.
      const look = paced && ahead ? nextTurn() : pause(paced ? LOOK_EVERY_MS_BEHIND : LOOK_EVERY_MS)
      await Promise.race([copied, look])
      if (over) return
      const before = seen
      seen = Math.min(totalPages, Math.floor((await stat(target)).size / pageBytes))
      // What shows now was counted as unseen before. One step is taken to have been made since the last look.
      unseen = Math.min(mostUnseen, totalPages - seen, Math.max(0, unseen - (seen - before)) + steps.rate)
      const wait = steps.next({ totalPages, remainingPages: totalPages - seen }, unseen)
      ahead = wait > 0
      if (ahead) await driver.query(`SELECT ${WAIT}(?1)`, [wait])
    }
  } finally {
    // Also when it is to stop: the engine has the target open until it is done.
    await copied
  }
}
