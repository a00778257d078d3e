import { link, lstat, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { PersistenceError } from '../../../errors/persistence-error.js'
import { flushHandle } from '../file/flush-handle.js'

/** Creates a hard link, like `link` of `node:fs/promises`. */
export type LinkFile = (existing: string, name: string) => Promise<void>

/** @throws PersistenceError `FILE_EXISTS` if something has the name, even a symbolic link that leads nowhere. */
export async function refuseExisting(path: string, operation: string): Promise<void> {
  if (await exists(path)) throw fileExists(path, operation)
}

/** Removes the name that {@link publish} has given, unless another file has it by now. */
export type Unpublish = () => Promise<void>

/**
 * Gives a file its name and never replaces another file: of two concurrent calls for one name, one is refused.
 *
 * @param linkFile For tests.
 * @throws PersistenceError `FILE_EXISTS`.
 */
export async function publish(
  temporary: string,
  path: string,
  operation: string,
  linkFile: LinkFile = link,
): Promise<Unpublish> {
  try {
    await linkFile(temporary, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw fileExists(path, operation, error)
    await publishWithoutLink(temporary, path, operation)
  }
  // The temporary name may be gone by now. An error here would hide from the caller that the file has its name.
  const published = await lstat(path).catch(() => undefined)
  return async () => {
    const found = await lstat(path).catch(() => undefined)
    if (published === undefined || found?.ino === published.ino) await rm(path, { force: true })
  }
}

/** For file systems without hard links: an empty file reserves the name. If the process dies in between, it stays. */
async function publishWithoutLink(temporary: string, path: string, operation: string): Promise<void> {
  try {
    await (await open(path, 'wx')).close()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw fileExists(path, operation, error)
    throw error
  }
  try {
    await rename(temporary, path)
  } catch (error) {
    // The empty file.
    await rm(path)
    throw error
  }
}

/** Makes the names in the folder of `path` survive a power loss, where the file system can. */
export async function flushFolder(path: string): Promise<void> {
  // Windows has no such call.
  if (process.platform === 'win32') return
  await whereSupported(flush(dirname(path), 'r'))
}

// The errors of a file system that cannot flush folders, such as a shared folder of a virtual machine, or a network drive.
const UNSUPPORTED = ['EBADF', 'EINVAL', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP']

/** Waits for a flush of a folder. A file system that cannot flush folders is no failure. */
export async function whereSupported(flushed: Promise<void>): Promise<void> {
  try {
    await flushed
  } catch (error) {
    // As in SQLite: without the flush, the file system decides when names are on the disk.
    if (!UNSUPPORTED.includes(String((error as NodeJS.ErrnoException).code))) throw error
  }
}

/** Makes the content of a file survive a power loss. @param flags How it is opened. */
export async function flush(path: string, flags = 'r+'): Promise<void> {
  const file = await open(path, flags)
  try {
    await flushHandle(file)
  } finally {
    await file.close()
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

function fileExists(path: string, operation: string, cause?: unknown): PersistenceError {
  return new PersistenceError(
    'FILE_EXISTS',
    operation,
    `${operation} ${path}: something has that name already, and nothing is overwritten; choose another name`,
    cause,
  )
}
