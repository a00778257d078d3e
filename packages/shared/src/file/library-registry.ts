import { PersistenceError } from '../errors/persistence-error.js'

/**
 * Which copy of the SQLite library has which file open in this process.
 *
 * Two copies on one file lose acknowledged writes: POSIX locks belong to the process, so when one copy closes the file it
 * drops the locks of the other, and another process may then delete a log that is still in use. The registry hangs on a
 * global symbol, so that several installed copies of this package see each other.
 */
interface Entry {
  library: unknown
  engine: string
  users: number
}

const PLACE = Symbol.for('go-go-scope.persistence-sqlite.open-files')

function entries(): Map<string, Entry> {
  const host = globalThis as { [PLACE]?: Map<string, Entry> }
  host[PLACE] ??= new Map()
  return host[PLACE]
}

/** @throws PersistenceError `SECOND_LIBRARY` when another copy of SQLite has the file open. */
export function checkLibrary(identity: string, library: unknown, engine: string, path: string): void {
  const entry = entries().get(identity)
  if (entry === undefined || entry.library === library) return
  throw new PersistenceError(
    'SECOND_LIBRARY',
    'connect',
    `connect: ${path} is already open in this process through ${entry.engine}, and ${engine} is another copy of the SQLite library. ` +
      'When one of the two closes the file, the locks of the other are dropped and acknowledged writes can be lost. ' +
      'Use one engine per file in a process, or another process',
  )
}

/** Enters a user of the file. @returns takes it out again. @throws PersistenceError `SECOND_LIBRARY`. */
export function registerLibrary(identity: string, library: unknown, engine: string, path: string): () => void {
  checkLibrary(identity, library, engine, path)
  const open = entries()
  const entry = open.get(identity) ?? { library, engine, users: 0 }
  entry.users++
  open.set(identity, entry)
  let entered = true
  return () => {
    if (!entered) return
    entered = false
    if (--entry.users === 0) open.delete(identity)
  }
}
