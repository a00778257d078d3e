import { eventChannel } from '../tracing/channels.js'
import type { TracedDatabase } from '../tracing/traced-database.js'
import type { Classify, PersistenceError } from './persistence-error.js'

/** What an adapter passes to its option `onDiagnostic`. It writes to no console. */
export type DiagnosticEvent =
  /** Another connection held the database. The call is tried again until its `busyTimeout` is over. */
  | { type: 'busy-retry'; operation: string; attempt: number /** ms so far. */; waited: number }
  /** A statement took longer than 100 ms. */
  | {
      type: 'slow-statement'
      operation: string /** ms. */
      duration: number /** How many calls shared it. */
      calls: number
    }
  /** `waiting` calls wait: the app calls faster than the database writes. At `limit` calls are refused. */
  | { type: 'queue-pressure'; waiting: number; limit: number }
  /** A cache row cannot be decoded, and was answered as a miss. */
  | { type: 'unreadable-row'; table: string; key: string; error: PersistenceError }
  /** The database is used in a way for which SQLite is known not to be safe; see docs/guarantees.md. */
  | { type: 'unsafe-environment'; file: string; problem: string }
  /** A lock in memory was granted while another connection has the file open, which the lock does not exclude. Reported once. */
  | { type: 'unshared-locks'; file: string; problem: string }
  /** A connection leads to a standby that was promoted. `before` and `now` are timelines. What the standby lacked is lost. */
  | { type: 'failover'; location: string; before: number; now: number }
  /** Expired rows were removed. */
  | { type: 'sweep'; table: string; removed: number }
  /** Work that no caller awaits has failed: a sweep, the renewal of a lease, a look for changes, or a scheduled backup. */
  | { type: 'background-error'; operation: string; error: PersistenceError }
  /** A listener of the app has thrown, or a `load` of `getOrSet` that refreshes a stale value has failed. */
  | { type: 'listener-error'; operation: string; error: unknown }

/** Hears each event within the call that causes it. What it throws is ignored. */
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

  /** Whether there is a listener; without one, callers make no event. */
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

  /** Reports an error of work that no caller awaits. @param operation What was being done, for example `cache.sweep`. */
  backgroundError(operation: string, error: unknown): void {
    this.emit({ type: 'background-error', operation, error: this.#classify(error, operation) })
  }

  emit(event: DiagnosticEvent): void {
    if (published.hasSubscribers) published.publish({ database: this.#database, event })
    for (const listener of [...this.#listeners]) {
      try {
        listener(event)
      } catch {
        // A hook that watches must not be able to fail what it watches, and there is no other place to report it.
      }
    }
  }
}
