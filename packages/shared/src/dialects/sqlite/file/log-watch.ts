import { statSync } from 'node:fs'
import type { Row } from '../../../driver/driver.js'
import { PersistenceError } from '../../../errors/persistence-error.js'
import type { WriteGuard } from '../../../queue/queue-context.js'
import type { Clock } from '../../../time/clock.js'

// A check takes about 3 µs: negligible for a commit that flushes the disk, a tenth of one that does not.
const CHECK_EVERY_MS = 10

/** The statement that queries the journal mode of an engine. */
export const READ_JOURNAL_MODE = 'PRAGMA journal_mode'

// The WAL, and its index, which is absent if the connection has the file for itself.
const SUFFIXES = ['-wal', '-shm']

/**
 * Detects that the WAL of a connection or its index was deleted or replaced. Another process does that only after the locks of this
 * process on the file were released. Writes then continue to "succeed": into a WAL that is in no folder, or, without the common
 * index, over what other processes write.
 *
 * SQLite creates both when a connection first reads in WAL mode, and no other connection may remove them until all have closed
 * the file. So those to watch are the ones that exist when this connection has read.
 */
export class LogWatch implements WriteGuard {
  readonly checkSql: string = READ_JOURNAL_MODE
  readonly #clock: Clock
  readonly #openings: () => number
  readonly #onLost: (reason: PersistenceError) => void
  /** The number of the opening whose WAL is watched. */
  #opening = 0
  #database = ''
  /** The watched files with their identities. */
  readonly #files = new Map<string, string>()
  #checkedAt = Number.NEGATIVE_INFINITY
  #lost: PersistenceError | undefined

  /**
   * @param openings Returns how many times the connection was opened: the one before may have removed its WAL.
   * @param onLost Called once.
   */
  constructor(clock: Clock, openings: () => number, onLost: (reason: PersistenceError) => void) {
    this.#clock = clock
    this.#openings = openings
    this.#onLost = onLost
  }

  get watching(): boolean {
    return this.#files.size > 0
  }

  /** Whether the index is gone, so that other connections use another one. */
  get split(): boolean {
    const path = `${this.#database}-shm`
    const index = this.#files.get(path)
    return index !== undefined && identityOf(path, index) !== index
  }

  /** Call it when the connection has read the file in WAL mode. @param database The path of the file. */
  begin(database: string): void {
    this.#database = database
    this.#beginAnew()
  }

  /** Checks the files, at most every 10 ms. Returns `true` when one is gone or they belong to another opening. */
  needsCheck(): boolean {
    if (!this.watching) return false
    if (this.#lost !== undefined || this.#opening !== this.#openings()) return true
    const now = this.#clock.monotonic()
    if (now - this.#checkedAt < CHECK_EVERY_MS) return false
    this.#checkedAt = now
    return this.#gone() !== undefined
  }

  /**
   * @param rows The engine's answer to {@link READ_JOURNAL_MODE}: an app may switch the mode of its own handle.
   * @throws PersistenceError `FILE_REPLACED`.
   */
  check([row]: readonly Row[]): void {
    if (row?.journal_mode !== 'wal') {
      this.#files.clear()
      return
    }
    if (this.#lost === undefined) {
      if (this.#opening !== this.#openings()) this.#beginAnew()
      // Also answers a caller that has asked meanwhile.
      const gone = this.#gone()
      if (gone === undefined) return
      this.#lost = new PersistenceError(
        'FILE_REPLACED',
        'connect',
        `connect: ${gone} was deleted or replaced while it was open, so what is written from then on is lost. Something ` +
          'deleted it by its name, or code of this process opened and closed the database file past the engine, which dropped ' +
          'its locks (another SQLite library, a copy of the file): find it, and make a new adapter',
      )
      this.#onLost(this.#lost)
    }
    throw this.#lost
  }

  #beginAnew(): void {
    this.#opening = this.#openings()
    this.#files.clear()
    for (const suffix of SUFFIXES) {
      const path = this.#database + suffix
      const identity = identityOf(path, undefined)
      if (identity === undefined) return
      this.#files.set(path, identity)
    }
  }

  /** Returns the path of the first file that is gone. */
  #gone(): string | undefined {
    for (const [path, identity] of this.#files) if (identityOf(path, identity) !== identity) return path
    return undefined
  }
}

// By stat, never by opening: closing a descriptor would release the locks.
function identityOf(path: string, unknown: string | undefined): string | undefined {
  try {
    const { dev, ino } = statSync(path)
    return `${dev}:${ino}`
  } catch (error) {
    // An unreadable folder gives no answer about the file; the next check may.
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : unknown
  }
}
