import { stat, unlink } from 'node:fs/promises'
import type { OperationQueue } from '../../../queue/operation-queue.js'
import { fileIdentity } from './file-identity.js'
import { refuseAttachedLibrary } from './library-registry.js'
import { ASK_JOURNAL_MODE } from './log-watch.js'

/**
 * Removes a file that a failed `open` made, unless something is in it.
 *
 * Never rejects: the caller needs the error for which `open` failed.
 *
 * @param identity Of the file that was made.
 * @param queue Of a handle that the engine opened for `path`; absent where it opened none.
 */
export async function removeUnused(path: string, identity: string, queue?: OperationQueue): Promise<void> {
  try {
    if (queue !== undefined && (await fileUnder(queue)) === identity) await removeLocked(path, identity, queue)
    else if ((await stat(path)).size === 0 && (await fileIdentity(`${path}-journal`)) === undefined)
      await remove(path, identity)
  } catch {
    // Others use it, or it cannot be reached: then it stays.
  }
}

/**
 * The exclusive lock keeps other connections from writing first. A connection that writes later gets SQLite's error
 * that its file was moved.
 */
async function removeLocked(path: string, identity: string, queue: OperationQueue): Promise<void> {
  // Against another library of this process the lock is no lock.
  await queue.query('open', ASK_JOURNAL_MODE)
  await refuseAttachedLibrary(path, 'open')
  // Takes the log away, and fails where others use it.
  await queue.query('open', 'PRAGMA journal_mode = DELETE')
  await queue.query('open', 'BEGIN EXCLUSIVE')
  try {
    const [row] = await queue.query('open', 'SELECT count(*) AS objects FROM sqlite_master')
    if (row?.objects === 0) await remove(path, identity)
  } finally {
    // Closing the handle does not end it on every engine.
    await queue.query('open', 'ROLLBACK')
  }
}

async function remove(path: string, identity: string): Promise<void> {
  if ((await fileIdentity(path)) === identity) await unlink(path)
}

async function fileUnder(queue: OperationQueue): Promise<string | undefined> {
  const databases = await queue.query('open', 'PRAGMA database_list')
  return fileIdentity(String(databases.find(({ name }) => name === 'main')?.file))
}
