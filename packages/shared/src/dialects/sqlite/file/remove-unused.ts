import { stat, unlink } from 'node:fs/promises'
import type { OperationQueue } from '../../../queue/operation-queue.js'
import { fileIdentity } from './file-identity.js'
import { refuseAttachedLibrary } from './library-registry.js'
import { READ_JOURNAL_MODE } from './log-watch.js'

/**
 * Removes a file that a failed `open` created, unless it has content.
 *
 * Never rejects: the caller needs the error for which `open` failed.
 *
 * @param identity The identity of the created file.
 * @param queue The queue of a handle that the engine opened for `path`; absent if it opened none.
 */
export async function removeUnused(path: string, identity: string, queue?: OperationQueue): Promise<void> {
  try {
    if (queue !== undefined && (await fileUnder(queue)) === identity) await removeLocked(path, identity, queue)
    else if ((await stat(path)).size === 0 && (await fileIdentity(`${path}-journal`)) === undefined)
      await remove(path, identity)
  } catch {
    // Other connections use the file, or it cannot be reached: then it stays.
  }
}

/**
 * The exclusive lock keeps other connections from writing first. A connection that writes later gets SQLite's error that its file
 * was moved.
 */
async function removeLocked(path: string, identity: string, queue: OperationQueue): Promise<void> {
  // The lock has no effect on another library in this process.
  await queue.query('open', READ_JOURNAL_MODE)
  await refuseAttachedLibrary(path, 'open')
  // Removes the WAL, and fails when other connections use the file.
  await queue.query('open', 'PRAGMA journal_mode = DELETE')
  await queue.query('open', 'BEGIN EXCLUSIVE')
  try {
    const [row] = await queue.query('open', 'SELECT count(*) AS objects FROM sqlite_master')
    if (row?.objects === 0) await remove(path, identity)
  } finally {
    // On some engines, closing the handle does not end the transaction.
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
