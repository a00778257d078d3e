import type { Connection } from '../../connection/connection.js'
import type { CircuitSql } from '../../stores/circuit-breaker/circuit-sql.js'
import { StateWatch, type WatchSession } from '../../stores/circuit-breaker/state-watch.js'

interface Shared {
  readonly watch: StateWatch
  circuits: number
}

/** Polls for changes that other connections make to the circuits that clients follow: once for all clients. */
export class CircuitWatches {
  readonly #session: WatchSession
  readonly #sql: CircuitSql
  readonly #byInterval = new Map<number, Shared>()

  constructor(connection: Connection, sql: CircuitSql) {
    this.#sql = sql
    this.#session = {
      connection,
      clock: connection.clock,
      diagnostics: connection.diagnostics,
      // A client has set up the tables by then.
      execute: (statement, parameters, decode) => connection.queue.execute(statement, parameters, decode),
      // All clients end before, and each ends its own watches.
      onEnd: () => undefined,
    }
  }

  /** @param interval ms between two polls. @returns ends the watch; to be called once. */
  watch(key: string, interval: number): () => void {
    const existing = this.#byInterval.get(interval)
    const shared = existing ?? { watch: new StateWatch(this.#session, this.#sql, interval), circuits: 0 }
    this.#byInterval.set(interval, shared)
    shared.circuits++
    const stop = shared.watch.watch(key)
    return () => {
      stop()
      if (--shared.circuits === 0) this.#byInterval.delete(interval)
    }
  }
}
