import { PersistenceError } from '../../../errors/persistence-error.js'
import { ofAllCopies } from '../../../processes/all-copies.js'
import { type ProcessView, processView } from './process-view.js'

/** A copy of the SQLite library, and the name of the engine that contains it. */
export interface EngineLibrary {
  readonly library: unknown
  readonly engine: string
}

/** One connection to a file. */
interface User {
  /** Set when its adapters have left the handle open. Returns whether it still is. */
  isOpen?: () => Promise<boolean>
}

/**
 * Records which copy of the SQLite library has which file open in this process.
 *
 * Two copies on one file lose acknowledged writes. POSIX locks belong to the process: when one copy closes the file, it releases
 * the locks of the other, and another process may then delete a WAL that is still in use.
 */
interface Entry extends EngineLibrary {
  readonly users: Set<User>
}

// Two checks per new user, so that entries of handles that were left open and closed later do not accumulate.
const CHECKS_PER_USER = 2

const entries = (): Map<string, Entry> =>
  ofAllCopies('go-go-scope.persistence-sqlite.open-files/1', () => new Map<string, Entry>())

/** Returns whether a connection of this thread has the file open, or has left it open to the app, which has not closed it since. */
export async function isRegistered(identity: string): Promise<boolean> {
  const entry = entries().get(identity)
  return entry !== undefined && isUsed(identity, entry)
}

/** The entry of a user in the registry. */
export interface Registration {
  /** Whether adapters also use the file through other connections. */
  readonly shared: boolean
  /** Call it when the file is closed. Idempotent. */
  leave(): void
  /** Call it when the handle was left to the app, which has the file open for as long as `isOpen` returns true. */
  leaveOpen(isOpen: () => Promise<boolean>): void
}

/** Registers a user of the file. @throws PersistenceError `SECOND_LIBRARY` when another copy of SQLite has it open. */
export async function registerLibrary(identity: string, library: EngineLibrary, path: string): Promise<Registration> {
  const user: User = {}
  const entry = await enter(user, identity, library, path)
  return {
    get shared() {
      return [...entry.users].some((other) => other !== user && other.isOpen === undefined)
    },
    leave() {
      entry.users.delete(user)
      if (entry.users.size === 0 && entries().get(identity) === entry) entries().delete(identity)
    },
    leaveOpen(isOpen) {
      user.isOpen = isOpen
    },
  }
}

async function enter(user: User, identity: string, { library, engine }: EngineLibrary, path: string): Promise<Entry> {
  const open = entries()
  for (;;) {
    const entry = open.get(identity) ?? { library, engine, users: new Set<User>() }
    if (entry.library === library) {
      // Synchronous with the lookup above, because an entry without users may be removed or replaced.
      entry.users.add(user)
      open.set(identity, entry)
      void forgetClosed(entry, CHECKS_PER_USER)
      return entry
    }
    if (await isUsed(identity, entry)) throw secondLibrary(entry.engine, engine, path)
  }
}

/** Returns whether a handle of the entry is still open. Otherwise removes the entry. */
async function isUsed(identity: string, entry: Entry): Promise<boolean> {
  await forgetClosed(entry, entry.users.size)
  if (entry.users.size > 0) return true
  if (entries().get(identity) === entry) entries().delete(identity)
  return false
}

/**
 * Checks up to `most` entries whose handle was left open, other ones at each call, and removes those with a closed handle. Never
 * rejects.
 */
async function forgetClosed({ users }: Entry, most: number): Promise<void> {
  const left = [...users].filter(({ isOpen }) => isOpen !== undefined).slice(0, most)
  for (const user of left) {
    const isOpen = await user.isOpen?.()
    if (!users.delete(user)) continue
    if (isOpen) users.add(user)
  }
}

/**
 * Covers all code and threads of the process: if two copies of SQLite are attached to the file, one is not ours.
 *
 * @returns what the operating system reports about the file; `undefined` when it reports nothing.
 * @throws PersistenceError `SECOND_LIBRARY`.
 */
export async function refuseAttachedLibrary(path: string, engine: string): Promise<ProcessView | undefined> {
  const view = await processView(path)
  // This also happens while this process has the file open that had the name before, because both use the same WAL path.
  const other = 'another engine (or the file that had this name before is open still: disconnect what uses that)'
  if (view !== undefined && view.libraries > 1) throw secondLibrary(other, engine, path)
  return view
}

function secondLibrary(other: string, engine: string, path: string): PersistenceError {
  return new PersistenceError(
    'SECOND_LIBRARY',
    'connect',
    `connect: ${path} is already open in this process through ${other}, and ${engine} is another copy of the SQLite library. ` +
      'When one of the two closes the file, the locks of the other are dropped and acknowledged writes can be lost. ' +
      'Use one engine per file in a process, or another process',
  )
}
