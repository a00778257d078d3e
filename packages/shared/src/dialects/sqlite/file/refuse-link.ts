import { lstat, stat } from 'node:fs/promises'
import { PersistenceError } from '../../../errors/persistence-error.js'

/**
 * Call it for a path that a file of ours is to get. Through a link, another file would be written, or created at the target of a
 * dangling link.
 *
 * @throws PersistenceError `CANNOT_OPEN` for a symbolic link, and for anything that is not a file.
 */
export async function refuseLink(path: string, operation: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined) // May be missing.
  if (found === undefined || found.isFile()) return
  const what = found.isSymbolicLink() ? 'a symbolic link; name the file that it leads to' : 'no file; name one'
  throw new PersistenceError('CANNOT_OPEN', operation, `${operation} ${path}: it is ${what}`)
}

/**
 * Call it for a path whose file is to be read: a read from a pipe waits until something is written to it.
 *
 * @throws PersistenceError `CANNOT_OPEN` for anything that neither is a file nor leads to one.
 */
export async function refuseNoFile(path: string, operation: string): Promise<void> {
  const found = await stat(path).catch(() => undefined) // Missing: the caller that reads it reports that.
  if (found === undefined || found.isFile()) return
  throw new PersistenceError('CANNOT_OPEN', operation, `${operation} ${path}: it is no file; name one`)
}
