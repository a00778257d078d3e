import { isOpenElsewhere, processView } from '../../../packages/shared/src/dialects/sqlite/file/process-view.js'

// The kernel's list of locks is read piece by piece while it changes, so one reading may miss a lock.
const READINGS = 20

/**
 * Returns whether this process or, with `another`, another one holds SQLite's shared lock on the file at `path`, as the kernel
 * lists it. A connection in WAL mode keeps this lock.
 */
export async function keepsLock(path: string, another = false): Promise<boolean> {
  for (let reading = 0; reading < READINGS; reading++) {
    if (another ? await isOpenElsewhere(path) : (await processView(path))?.locked) return true
  }
  return false
}
