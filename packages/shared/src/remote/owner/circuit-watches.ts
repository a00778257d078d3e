import type { Connection } from '../../connection/connection.js'
import type { CircuitSql } from '../../stores/circuit-breaker/circuit-sql.js'
import { StateWatch, type WatchSession } from '../../stores/circuit-breaker/state-watch.js'

interface Shared {
  readonly watch: StateWatch
  circuits: number
}

/** Looks for what other connections change of the circuits that users of the owner follow: once for all of them. */
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
      // The users have set up the tables by then.
      execute: (statement, parameters, decode) => connection.queue.execute(statement, parameters, decode),
      // Its users leave before, each of whom ends what is watched for it.
      atEnd: () => undefined,
    }
  }

  /** @param interval ms between two looks. @returns ends that; to be called once. */
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
