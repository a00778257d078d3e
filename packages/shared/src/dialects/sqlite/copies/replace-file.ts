import type { Stats } from 'node:fs'
import { chmod, lstat, open, rename, rm, stat } from 'node:fs/promises'
import { hasCode, PersistenceError } from '../../../errors/persistence-error.js'
import { collectGarbage } from '../file/open-here.js'
import { isOpenAnywhere } from '../file/process-view.js'
import { type OwnConnection, openOwn } from '../thread/own-connection.js'
import type { JobContext } from '../thread/run-job.js'
import { keepFile } from './keep-file.js'
import { flushFolder, publish } from './publish.js'

/** A file, and the database that it replaces. */
export interface Replacement {
  readonly temporary: string
  readonly target: string
  /** Epoch ms. */
  readonly now: number
}

const PERMISSION_BITS = 0o777
const SIDECARS = ['-journal', '-wal']
const HEADER = 'SQLite format 3\0'

/**
 * Replaces a database that no connection has open. At every moment one of the two files has its name.
 *
 * @param finish Completes the new file. Receives a connection to the old one, which no other connection can change any more;
 *   `undefined` if there is none or it cannot be read.
 * @param renameFile For tests.
 * @returns the name under which the old file is kept, `undefined` if there was none, and the result of `finish`.
 * @throws PersistenceError `FILE_IN_USE`, `FILE_EXISTS`; `IO_ERROR` also if the file is replaced, which the message then says.
 */
export async function replaceFile<Finished>(
  { temporary, target, now }: Replacement,
  context: JobContext,
  finish: (old: OwnConnection | undefined) => Promise<Finished>,
  renameFile: typeof rename = rename,
): Promise<{ readonly kept: string | undefined; readonly finished: Finished }> {
  const old = await stat(target).catch(() => undefined) // It may be missing.
  if (old === undefined) {
    await refuseSidecars(target)
    const finished = await finish(undefined)
    context.stop.commit()
    await publish(temporary, target, 'restore')
    await flushReplaced(target)
    return { kept: undefined, finished }
  }
  let held = await holdAlone(target, context)
  const letGo = async (): Promise<void> => {
    const connection = held
    held = undefined
    // Closing does not end the transaction on every engine. After some errors, SQLite has already ended it, and then refuses this.
    await connection?.queue.query('restore', 'ROLLBACK').catch(() => undefined)
    await connection?.close()
  }
  try {
    const finished = await finish(held)
    await chmod(temporary, old.mode & PERMISSION_BITS)
    const kept = await keepFile(target, now)
    try {
      // Only a damaged file still has them. They are a part of it, and an engine would apply them to the new file.
      for (const suffix of SIDECARS) await move(target + suffix, kept + suffix)
      // A process that the system does not show may have it mapped, and would share it with the users of the new file.
      await rm(`${target}-shm`, { force: true })
      // The second name of the old file must be there before it loses its first.
      await flushFolder(target)
      // Windows replaces no open file. So it also refuses one that another connection opens from here on.
      if (process.platform === 'win32') {
        await letGo()
        await collectGarbage()
      }
      context.stop.commit()
      await renameFile(temporary, target)
    } catch (error) {
      // The caller needs the first error.
      await putBack(target, kept, old).catch(() => undefined)
      throw isOpenOnWindows(error) ? inUse(target, error) : error
    }
    await flushReplaced(target, kept)
    return { kept, finished }
  } finally {
    // The file is replaced by now, whatever happens to the old one. Or the caller needs the first error.
    await letGo().catch(() => undefined)
  }
}

/** Makes the replacement survive a power loss. @throws PersistenceError that says that the file is replaced nevertheless. */
async function flushReplaced(target: string, kept?: string): Promise<void> {
  try {
    await flushFolder(target)
  } catch (cause) {
    const before = kept === undefined ? 'no file was there before' : `the file that was there is now ${kept}`
    throw new PersistenceError(
      'IO_ERROR',
      'restore',
      `restore ${target}: the backup is in its place and can be opened, and ${before}; but the folder could not be flushed, so a loss of power may undo that; check the disk (${(cause as Error).message})`,
      cause,
    )
  }
}

/** How Windows refuses to replace or to delete a file that is open. */
function isOpenOnWindows(error: unknown): boolean {
  return (
    process.platform === 'win32' && ['EACCES', 'EBUSY', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')
  )
}

/** Undoes a replacement that failed, such as that of a mount point, unless the old file has lost its name. */
async function putBack(target: string, kept: string, old: Stats): Promise<void> {
  const found = await stat(target)
  if (found.ino !== old.ino || found.dev !== old.dev) return
  for (const suffix of SIDECARS) await move(kept + suffix, target + suffix)
  await rm(kept)
}

/**
 * Opens the old file so that no other connection can read it. Returns `undefined` for an empty or damaged file, which cannot be held.
 *
 * Only the change of the journal mode detects all other connections, including idle ones, for which BEGIN EXCLUSIVE and a
 * checkpoint succeed. It also writes the log or the journal of a crash into the file.
 */
async function holdAlone(target: string, context: JobContext): Promise<OwnConnection | undefined> {
  // An engine that opens and closes a file without a header deletes its journal and log. In an empty one, the transaction would
  // begin a journal that truncates the file, which after a crash is the new one.
  if (!(await hasHeader(target))) return refuseShared(target, undefined)
  let connection: OwnConnection | undefined
  try {
    connection = await openOwn(target, context.engine, { readOnly: false, busyTimeout: 0 })
    // Some engines keep the file of a WAL that they have taken in, as the SQLite of macOS does. Then it is empty.
    await connection.queue.query('restore', 'PRAGMA journal_size_limit = 0')
    await connection.queue.query('restore', 'PRAGMA journal_mode = DELETE')
    await connection.queue.query('restore', 'BEGIN EXCLUSIVE')
    await refuseSidecars(target)
    return connection
  } catch (error) {
    await connection?.close()
    if (hasCode(error, 'BUSY')) throw inUse(target, error)
    if (hasCode(error, 'CORRUPT') || hasCode(error, 'NOT_A_DATABASE')) return refuseShared(target, error)
    throw error
  }
}

/** Whether the file begins like a database. */
async function hasHeader(target: string): Promise<boolean> {
  const file = await open(target, 'r')
  try {
    const { buffer } = await file.read(Buffer.alloc(HEADER.length), 0, HEADER.length, 0)
    return buffer.toString('latin1') === HEADER
  } finally {
    await file.close()
  }
}

/** Refuses a file that is no database if any process has it open, as far as the system shows that. */
async function refuseShared(target: string, cause: unknown): Promise<undefined> {
  if ((await isOpenAnywhere(target)) === true) throw inUse(target, cause)
}

async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

async function refuseSidecars(target: string): Promise<void> {
  for (const suffix of SIDECARS) {
    const found = await lstat(target + suffix).catch(() => undefined) // Usually missing.
    if (found === undefined || found.size === 0) continue
    throw new PersistenceError(
      'FILE_EXISTS',
      'restore',
      `restore ${target}: ${target}${suffix} is there and would be read into the restored file; move it away`,
    )
  }
}

function inUse(target: string, cause: unknown): PersistenceError {
  return new PersistenceError(
    'FILE_IN_USE',
    'restore',
    `restore ${target}: another connection has the file open; stop every process that uses it, and restore again`,
    cause,
  )
}
