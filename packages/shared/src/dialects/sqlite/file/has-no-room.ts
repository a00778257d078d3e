import { open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { hasCode, PersistenceError } from '../../../errors/persistence-error.js'
import { systemCode } from '../../../errors/system-code.js'
import { temporaryPath } from './temporary-name.js'

// A few blocks: what is left of a quota may have room for one.
const PROBE_BYTES = 65_536

const FULL = ['ENOSPC', 'EDQUOT']

/**
 * Whether the folder of `path` takes no more bytes. SQLite tells a full disk from one that fails, but takes for the latter a quota
 * that is used up, and a full disk on which the index of a log finds no room; no engine gives the number of the system's error. So
 * some bytes are written beside the file, and removed.
 *
 * @param write Makes a file of bytes. For tests.
 */
export async function hasNoRoom(path: string, write: (probe: string) => Promise<void> = writeProbe): Promise<boolean> {
  // What a death leaves, the next backup into the folder removes.
  const probe = temporaryPath(dirname(path))
  try {
    await write(probe)
    return false
  } catch (error) {
    return FULL.includes(systemCode(error as NodeJS.ErrnoException) ?? '')
  } finally {
    // The caller has an error to tell already.
    await rm(probe, { force: true }).catch(() => undefined)
  }
}

/**
 * @param error Of writing to `path`.
 * @returns `DISK_FULL` in the place of an `IO_ERROR` where there is no room.
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
    for (let at = 0; at < PROBE_BYTES; ) {
      at += (await file.write(Buffer.alloc(PROBE_BYTES - at), 0, PROBE_BYTES - at, at)).bytesWritten
    }
    await file.sync()
  } finally {
    // Some file systems count only now.
    await file.close()
  }
}
