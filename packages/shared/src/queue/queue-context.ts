import type { Row } from '../driver/driver.js'
import type { Diagnostics } from '../errors/diagnostics.js'
import type { Classify } from '../errors/persistence-error.js'
import type { ConnectionClock } from '../time/connection-clock.js'
import type { BusyRetry } from './busy-retry.js'

/** What a queue has to know of the SQL that it sends. */
export interface QueueDialect {
  readonly transaction: {
    /** Takes the write lock at once: a transaction that takes it at its first write fails where waiting cannot help. */
    readonly begin: string
    readonly commit: string
    readonly rollback: string
  }
  readonly classify: Classify
  /**
   * What an error means whose transaction was not committed: a lost answer leaves nothing in doubt then. Absent where no
   * answer can be lost.
   */
  undone?(error: unknown): unknown
}

/** Keeps writes from being acknowledged that no other connection will ever find. */
export interface WriteGuard {
  /** Whether {@link question} must be asked before the next write. Called before each, so it must cost next to nothing. */
  doubtful(): boolean
  /** SQL that reads. */
  readonly question: string
  /** @param answer The rows of {@link question}. @throws PersistenceError when what would be written now is lost. */
  judge(answer: readonly Row[]): void
}

/** What the queue of a connection works with. */
export interface QueueContext {
  readonly dialect: QueueDialect
  readonly clock: ConnectionClock
  readonly diagnostics: Diagnostics
  readonly busyRetry: BusyRetry
  readonly guard: WriteGuard
}
