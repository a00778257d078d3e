import { lstat, stat } from 'node:fs/promises'
import { PersistenceError } from '../../../errors/persistence-error.js'

/**
 * To be called for a name that is to be given to a file of ours, or to one in the place of its own: through a link something
 * else would be written, or made where the link leads to nothing.
 *
 * @throws PersistenceError `CANNOT_OPEN` for a symbolic link, and for what is no file.
 */
export async function refuseLink(path: string, operation: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined) // Missing, as it may be.
  if (found === undefined || found.isFile()) return
  const what = found.isSymbolicLink() ? 'a symbolic link; name the file that it leads to' : 'no file; name one'
  throw new PersistenceError('CANNOT_OPEN', operation, `${operation} ${path}: it is ${what}`)
}

/**
 * To be called for a name whose file is to be read: who reads a pipe waits for somebody who writes.
 *
 * @throws PersistenceError `CANNOT_OPEN` for what is no file, and leads to none.
 */
export async function refuseNoFile(path: string, operation: string): Promise<void> {
  const found = await stat(path).catch(() => undefined) // Missing, which whoever reads it tells.
  if (found === undefined || found.isFile()) return
  throw new PersistenceError('CANNOT_OPEN', operation, `${operation} ${path}: it is no file; name one`)
}
