import { PersistenceError } from './persistence-error.js'

/** `DISCONNECTED`: the connection to the thread or process that owns the database has ended. */
export class DisconnectedError extends PersistenceError {
  /** `none`: the call has changed nothing. `unknown`: the call was a write that had been sent; it may have taken effect. */
  readonly outcome: 'none' | 'unknown'
  /** Whether the call can be repeated on a new connection without taking effect twice. */
  override readonly retryable: boolean

  /** @param reason Why the connection ended. @param next What the caller can do. */
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
