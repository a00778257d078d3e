import { eventChannel } from '../tracing/channels.js'
import type { TracedDatabase } from '../tracing/traced-database.js'
import { catchRejection } from './catch-rejection.js'
import type { Classify, PersistenceError } from './persistence-error.js'

/** An event that an adapter passes to its option `onDiagnostic`. Adapters never write to the console. */
export type DiagnosticEvent =
  /** Another connection held the database. The call is retried until its `busyTimeout` is over. */
  | {
      type: 'busy-retry'
      operation: string
      attempt: number
      /** ms waited so far. */
      waited: number
    }
  /** A statement, or a transaction of several such as `fenced`, took longer than 100 ms and succeeded. */
  | {
      type: 'slow-statement'
      operation: string
      /** ms. */
      duration: number
      /** The number of calls that shared the statement. */
      calls: number
    }
  /** `waiting` calls are queued: the app calls faster than the database writes. At `limit`, calls are refused. */
  | { type: 'queue-pressure'; waiting: number; limit: number }
  /** A cache row cannot be decoded and was treated as a miss. */
  | { type: 'unreadable-row'; table: string; key: string; error: PersistenceError }
  /** The database is used in a way for which SQLite is known not to be safe; see docs/guarantees.md. */
  | { type: 'unsafe-environment'; file: string; problem: string }
  /**
   * A lock in memory was granted while another connection has the file open. The lock does not exclude that connection. Reported
   * once.
   */
  | { type: 'unshared-locks'; file: string; problem: string }
  /**
   * A connection now leads to a promoted standby. `before` and `now` are timelines. Changes that the standby had not received are
   * lost.
   */
  | { type: 'failover'; location: string; before: number; now: number }
  /** Expired rows were removed. */
  | { type: 'sweep'; table: string; removed: number }
  /** Background work has failed: a sweep, the renewal of a lease, a poll for changes, a report of `run`, or a scheduled backup. */
  | { type: 'background-error'; operation: string; error: PersistenceError }
  /** A listener or an `isFailure` of the app has thrown, or a `load` of `getOrSet` that refreshes a stale value has failed. */
  | { type: 'listener-error'; operation: string; error: unknown }

/** Called with each event, and not awaited. What it throws is ignored, and so is the rejection of a promise that it returns. */
export type DiagnosticListener = (event: DiagnosticEvent) => void

/** The message of `go-go-scope.persistence.diagnostic`. */
export interface DiagnosticMessage {
  readonly database: TracedDatabase
  readonly event: DiagnosticEvent
}

const published = eventChannel<DiagnosticMessage>('diagnostic')

/** Passes events to all listeners of one connection, and to the subscribers of the channel. */
export class Diagnostics {
  readonly #classify: Classify
  readonly #database: TracedDatabase
  readonly #listeners: DiagnosticListener[] = []

  constructor(classify: Classify, database: TracedDatabase) {
    this.#classify = classify
    this.#database = database
  }

  /** Whether there is a listener. Without one, callers create no event. */
  get active(): boolean {
    return this.#listeners.length > 0 || published.hasSubscribers
  }

  add(listener: DiagnosticListener): () => void {
    this.#listeners.push(listener)
    return () => {
      const at = this.#listeners.indexOf(listener)
      if (at !== -1) this.#listeners.splice(at, 1)
    }
  }

  /** Reports an error of background work. @param operation What was being done, for example `cache.sweep`. */
  backgroundError(operation: string, error: unknown): void {
    this.emit({ type: 'background-error', operation, error: this.#classify(error, operation) })
  }

  /** Calls a listener of the app. What it throws or rejects with is a `listener-error`: it must not end the observed work. */
  callListener(operation: string, call: () => unknown): void {
    const failed = (error: unknown): void => this.emit({ type: 'listener-error', operation, error })
    try {
      catchRejection(call(), failed)
    } catch (error) {
      failed(error)
    }
  }

  emit(event: DiagnosticEvent): void {
    if (published.hasSubscribers) published.publish({ database: this.#database, event })
    for (const listener of [...this.#listeners]) {
      try {
        catchRejection(listener(event))
      } catch {
        // A listener must not make the observed work fail, and its error cannot be reported anywhere else.
      }
    }
  }
}
