import { stat } from 'node:fs/promises'

/**
 * What tells one file from another whatever it is called: device and inode, the same through hard and symbolic links.
 *
 * By stat, never by opening: closing a second descriptor of a database file drops the locks SQLite holds on it.
 *
 * @returns `undefined` when there is no file of that name.
 */
export async function fileIdentity(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(path, { bigint: true })
    return `${dev}:${ino}`
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
