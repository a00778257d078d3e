import { statSync } from 'node:fs'
import type { Row } from '../../../driver/driver.js'
import { PersistenceError } from '../../../errors/persistence-error.js'
import type { WriteGuard } from '../../../queue/queue-context.js'
import type { Clock } from '../../../time/clock.js'

// A look takes about 3 µs: nothing beside a commit that flushes the disk, a tenth of one that does not.
const LOOK_EVERY_MS = 10

/** How an engine is asked for its mode. */
export const ASK_JOURNAL_MODE = 'PRAGMA journal_mode'

/**
 * Notices that another process deleted or replaced the write-ahead log under a connection, which can only happen when the
 * locks of this process on the file were dropped: writes then go on "succeeding" into a log that is in no folder.
 *
 * SQLite makes the log when a connection first reads in WAL mode, and no other connection may take it away until all have
 * closed the file. So what is watched is the log that is there when this connection has read.
 */
export class LogWatch implements WriteGuard {
  readonly question: string = ASK_JOURNAL_MODE
  readonly #clock: Clock
  readonly #openings: () => number
  readonly #onLost: (reason: PersistenceError) => void
  /** Of the connection whose log it is. */
  #opening = 0
  #path = ''
  #identity: string | undefined
  #lookedAt = Number.NEGATIVE_INFINITY
  #lost: PersistenceError | undefined

  /**
   * @param openings How often the connection was opened: the one before may have taken its log away.
   * @param onLost Called once.
   */
  constructor(clock: Clock, openings: () => number, onLost: (reason: PersistenceError) => void) {
    this.#clock = clock
    this.#openings = openings
    this.#onLost = onLost
  }

  get watching(): boolean {
    return this.#identity !== undefined
  }

  /** To be called when the connection has read the file in WAL mode. @param database The path of the file. */
  begin(database: string): void {
    this.#path = `${database}-wal`
    this.#beginAnew()
  }

  /** Looks for the log, at most every 10 ms. `true` when it is gone, or that of another opening. */
  doubtful(): boolean {
    if (this.#identity === undefined) return false
    if (this.#lost !== undefined || this.#opening !== this.#openings()) return true
    const now = this.#clock.monotonic()
    if (now - this.#lookedAt < LOOK_EVERY_MS) return false
    this.#lookedAt = now
    return identityOf(this.#path, this.#identity) !== this.#identity
  }

  /**
   * @param rows What the engine answers to {@link ASK_JOURNAL_MODE}: an app may switch the mode of its own handle.
   * @throws PersistenceError `FILE_REPLACED`.
   */
  judge([row]: readonly Row[]): void {
    if (row?.journal_mode !== 'wal') {
      this.#identity = undefined
      return
    }
    if (this.#lost === undefined) {
      if (this.#opening !== this.#openings()) this.#beginAnew()
      // Also for who has asked meanwhile.
      if (identityOf(this.#path, this.#identity) === this.#identity) return
      this.#lost = new PersistenceError(
        'FILE_REPLACED',
        'connect',
        `connect: the log ${this.#path} was deleted or replaced while it was open, so what is written there is lost. Something ` +
          'deleted it by its name, or code of this process opened and closed the database file past the engine, which dropped ' +
          'its locks (another SQLite library, a copy of the file): find it, and make a new adapter',
      )
      this.#onLost(this.#lost)
    }
    throw this.#lost
  }

  #beginAnew(): void {
    this.#opening = this.#openings()
    this.#identity = identityOf(this.#path, undefined)
  }
}

// By stat, never by opening: closing a descriptor would drop the locks.
function identityOf(path: string, unknown: string | undefined): string | undefined {
  try {
    const { dev, ino } = statSync(path)
    return `${dev}:${ino}`
  } catch (error) {
    // A folder that cannot be read now gives no answer about the log; the next look may.
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : unknown
  }
}
