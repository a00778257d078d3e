import { open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { hasCode, PersistenceError } from '../../../errors/persistence-error.js'
import { systemCode } from '../../../errors/system-code.js'
import { flushHandle } from './flush-handle.js'
import { temporaryPath } from './temporary-name.js'

// A few blocks, because a nearly exhausted quota may still have space for one.
const PROBE_BYTES = 65_536

const FULL = ['ENOSPC', 'EDQUOT']

/**
 * Returns whether the folder of `path` accepts no more bytes. SQLite distinguishes a full disk from a failing one. But it reports
 * an exceeded quota, and a full disk without space for the WAL index, as an I/O error, and no engine exposes the errno. Therefore
 * this writes some bytes beside the file and removes them.
 *
 * @param write Creates a file with some bytes. For tests.
 */
export async function hasNoRoom(path: string, write: (probe: string) => Promise<void> = writeProbe): Promise<boolean> {
  // If the process dies here, the next backup into the folder removes this file.
  const probe = temporaryPath(dirname(path))
  try {
    await write(probe)
    return false
  } catch (error) {
    return FULL.includes(systemCode(error as NodeJS.ErrnoException) ?? '')
  } finally {
    // The caller already has an error to report.
    await rm(probe, { force: true }).catch(() => undefined)
  }
}

/**
 * @param error An error of writing to `path`.
 * @returns `DISK_FULL` instead of an `IO_ERROR` when there is no space.
 */
export async function orFull(
  error: unknown,
  path: string,
  operation: string,
  isFull: (path: string) => Promise<boolean> = hasNoRoom,
): Promise<unknown> {
  if (!hasCode(error, 'IO_ERROR') || !(await isFull(path))) return error
  const text = `${operation}: the disk of ${dirname(path)} is full, or the quota there used up (${error.message}); free some, or have it raised`
  return new PersistenceError('DISK_FULL', operation, text, error)
}

async function writeProbe(probe: string): Promise<void> {
  const file = await open(probe, 'wx', 0o600)
  try {
    await file.writeFile(Buffer.alloc(PROBE_BYTES))
    await flushHandle(file)
  } finally {
    // Some file systems check the quota only now.
    await file.close()
  }
}
