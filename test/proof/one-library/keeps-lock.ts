import { isOpenElsewhere, processView } from '../../../packages/shared/src/dialects/sqlite/file/process-view.js'

// The kernel gives its list piece by piece while it changes, so that one reading may miss a lock.
const READINGS = 20

/**
 * Whether SQLite's shared lock on the file at `path`, which a connection in WAL mode keeps, is held by this process or, with
 * `another`, by another one, as the kernel lists it.
 */
export async function keepsLock(path: string, another = false): Promise<boolean> {
  for (let reading = 0; reading < READINGS; reading++) {
    if (another ? await isOpenElsewhere(path) : (await processView(path))?.locked) return true
  }
  return false
}
