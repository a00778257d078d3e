import { stat } from 'node:fs/promises'
import { PersistenceError } from '../../../errors/persistence-error.js'

/**
 * Identifies a file under all its names: device and inode, equal through hard and symbolic links.
 *
 * By stat, never by opening: closing a second descriptor of a database file releases the locks that SQLite holds on it.
 *
 * @returns `undefined` when there is no file of that name.
 * @throws PersistenceError `CANNOT_OPEN` for a path that cannot be followed; `IO_ERROR` when its disk or server fails.
 */
export async function fileIdentity(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(path, { bigint: true })
    return `${dev}:${ino}`
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new PersistenceError(
      code === 'EIO' || code === 'ESTALE' ? 'IO_ERROR' : 'CANNOT_OPEN',
      'open',
      `open ${path}: the path cannot be followed; check every folder of it (${message})`,
      cause,
    )
  }
}

/** Returns whether both paths lead to the same file, under whatever names. `false` if one leads to no file. */
export async function isSameFile(one: string, other: string): Promise<boolean> {
  const identity = await fileIdentity(one)
  return identity !== undefined && identity === (await fileIdentity(other))
}
