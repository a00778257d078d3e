import { stat } from 'node:fs/promises'
import type { SqlDriver } from '../../../driver/driver.js'
import { systemClock } from '../../../time/clock.js'
import type { BackupSteps } from './backup-steps.js'

const LOOK_EVERY_MS = 5
const WAIT = 'go_goscope_wait'

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
  const [size] = await driver.query(
    'SELECT page_count AS pages, page_size AS bytes FROM pragma_page_count, pragma_page_size',
    [],
  )
  const totalPages = Number(size?.pages)
  handle.function(WAIT, (ms) => {
    steps.wait(ms)
    return 0
  })
  let over = false
  const copied = start().finally(() => {
    over = true
  })
  try {
    for (;;) {
      await Promise.race([copied, pause()])
      if (over) return
      const copiedPages = Math.min(totalPages, Math.floor((await stat(target)).size / Number(size?.bytes)))
      const wait = steps.next({ totalPages, remainingPages: totalPages - copiedPages })
      if (wait > 0) await driver.query(`SELECT ${WAIT}(?1)`, [wait])
    }
  } finally {
    // Also when it is to stop: the engine has the target open until it is done.
    await copied
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => systemClock.setTimer(resolve, LOOK_EVERY_MS, { keepAlive: true }))
}
