import type { Row, TransactionControl } from '../driver/driver.js'
import type { Diagnostics } from '../errors/diagnostics.js'
import type { Classify } from '../errors/persistence-error.js'
import type { ConnectionClock } from '../time/connection-clock.js'
import type { BusyRetry } from './busy-retry.js'

/** The SQL and error rules that a queue needs from its dialect. */
export interface QueueDialect {
  /**
   * `begin` acquires the write lock immediately: a transaction that acquires it at its first write can fail in a way that waiting
   * does not fix.
   */
  readonly transaction: TransactionControl
  readonly classify: Classify
  /**
   * Converts an error whose transaction was not committed: a lost answer then leaves nothing in doubt. Absent when no answer can
   * be lost.
   */
  undone?(error: unknown): unknown
  /** Returns whether the transaction is still open after the error of its ROLLBACK. Absent when the server ends it in any case. */
  leftOpen?(error: unknown): boolean
}

/** Prevents the acknowledgement of writes that no other connection will ever find. */
export interface WriteGuard {
  /** Returns whether {@link check} must run before the next write. Called before each write, so it must be very cheap. */
  needsCheck(): boolean
  /** The SQL query whose rows {@link check} needs. */
  readonly checkSql: string
  /** @param rows The rows of {@link checkSql}. @throws PersistenceError when a write now would be lost. */
  check(rows: readonly Row[]): void
}

/** The environment of a connection's queue. */
export interface QueueContext {
  readonly dialect: QueueDialect
  readonly clock: ConnectionClock
  readonly diagnostics: Diagnostics
  readonly busyRetry: BusyRetry
  readonly guard: WriteGuard
}
