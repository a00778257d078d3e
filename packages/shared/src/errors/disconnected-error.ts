import { PersistenceError } from './persistence-error.js'

/** The connection to the thread or process that owns the database has ended: `DISCONNECTED`. */
export class DisconnectedError extends PersistenceError {
  /** `none`: the call has changed nothing. `unknown`: the call was a write that had been sent, and may have been done. */
  readonly outcome: 'none' | 'unknown'
  /** Whether the call may be repeated on a new connection without being done twice. */
  override readonly retryable: boolean

  /** @param reason Why the connection ended. @param next How to go on. */
  static of(
    operation: string,
    outcome: 'none' | 'unknown',
    reason: string,
    next = 'connect again to go on',
  ): DisconnectedError {
    const done = outcome === 'none' ? 'it changed nothing' : 'it was sent, and may have been done'
    return new DisconnectedError(operation, outcome, `${operation}: ${reason}; ${done}; ${next}`)
  }

  constructor(operation: string, outcome: 'none' | 'unknown', message: string) {
    super('DISCONNECTED', operation, message)
    this.outcome = outcome
    this.retryable = outcome === 'none'
  }
}
