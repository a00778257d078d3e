import { isFailedTransaction } from '../sql/error-codes.js'
import type { ReservedWire } from './reserved.js'

/**
 * Makes the server end connections of an `sql` of `postgres`. That is the only way to keep its pool from reusing them. It has no
 * effect on a server that does not answer.
 */
export class Terminations {
  /** The action for each connection when it has ended. */
  readonly #pending = new Map<ReservedWire, () => void>()
  /** Callers that wait until all have ended. */
  readonly #waiting: ((all: true) => void)[] = []

  /**
   * Makes the server end a connection.
   *
   * @param send Sends a statement on the connection.
   * @param ended Called when the connection has ended.
   */
  begin(wire: ReservedWire, send: (sql: string) => Promise<unknown>, ended: () => void): void {
    this.#pending.set(wire, ended)
    const sql = endOf(wire.backend)
    // A failed transaction accepts only ROLLBACK.
    const again = (error: unknown) => (isFailedTransaction(error) ? send(`ROLLBACK; ${sql}`) : undefined)
    void send(sql)
      .catch(again)
      .catch(() => undefined)
  }

  /** Must be called when a connection has ended. */
  look(): void {
    for (const [wire, ended] of this.#pending) {
      if (!wire.lost) continue
      this.#pending.delete(wire)
      ended()
    }
    if (this.#pending.size === 0) for (const resolve of this.#waiting.splice(0)) resolve(true)
  }

  /** Resolves when all have ended. */
  allEnded(): Promise<true> {
    return new Promise((resolve) => {
      if (this.#pending.size === 0) resolve(true)
      else this.#waiting.push(resolve)
    })
  }
}

/**
 * Returns a statement that ends its own session once it is idle. If a session ends with a statement in flight, the library gives
 * that error to the next statement in the pool slot, and its `end` waits forever. A pooler's session is ended at once, because
 * another client might get it meanwhile.
 *
 * @param backend The connection's backend process id; `undefined` if the library does not tell.
 */
function endOf(backend: number | undefined): string {
  const timeouts = ['idle_session_timeout', 'idle_in_transaction_session_timeout']
  const idle = timeouts.map((name) => `set_config('${name}', '1', false)`).join(' || ')
  const now = 'pg_terminate_backend(pg_backend_pid())::text'
  return `SELECT CASE WHEN pg_backend_pid() = ${backend ?? 0} THEN ${idle} ELSE ${now} END`
}
