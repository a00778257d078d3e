import { eventChannel } from '../tracing/channels.js'
import type { TracedDatabase } from '../tracing/traced-database.js'
import type { Classify, PersistenceError } from './persistence-error.js'

/** What an adapter tells its `onDiagnostic` option; it writes to no console. */
export type DiagnosticEvent =
  /** Another connection held the database; the call is tried again until its `busyTimeout` is over. */
  | { type: 'busy-retry'; operation: string; attempt: number; waited: number }
  /** A statement took longer than 100 ms. `calls` shared it. */
  | { type: 'slow-statement'; operation: string; duration: number; calls: number }
  /** The number of waiting calls passed `waiting`: the app calls faster than the database writes. */
  | { type: 'queue-pressure'; waiting: number; limit: number }
  /** A cache row that cannot be decoded was answered as a miss. */
  | { type: 'unreadable-row'; table: string; key: string; error: PersistenceError }
  /** The database is used where SQLite is known not to be safe; see docs/guarantees.md. */
  | { type: 'unsafe-environment'; file: string; problem: string }
  /** A lock in memory was granted while another connection, which it does not exclude, has the file open. Told once. */
  | { type: 'unshared-locks'; file: string; problem: string }
  /** A connection has led to a standby that was promoted; `before` and `now` are timelines. What it lacked is lost. */
  | { type: 'failover'; location: string; before: number; now: number }
  /** Expired rows were removed. */
  | { type: 'sweep'; table: string; removed: number }
  /** Work that no caller awaits failed: a sweep, an extension of a lease, a renewal. */
  | { type: 'background-error'; operation: string; error: PersistenceError }
  /** A listener of the app threw, or a load of `getOrSet` that refreshes a stale value. */
  | { type: 'listener-error'; operation: string; error: unknown }

export type DiagnosticListener = (event: DiagnosticEvent) => void

/** The message of `go-go-scope.persistence.diagnostic`. */
export interface DiagnosticMessage {
  readonly database: TracedDatabase
  readonly event: DiagnosticEvent
}

const published = eventChannel<DiagnosticMessage>('diagnostic')

/** Hands events to all listeners of one connection, and to those who subscribe to the channel. */
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
