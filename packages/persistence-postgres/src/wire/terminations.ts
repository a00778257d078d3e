import { isFailedTransaction } from '../sql/error-codes.js'
import type { ReservedWire } from './reserved.js'

/**
 * Has the server end connections of an `sql` of `postgres`, which is the only way to keep its pool from giving them out again.
 * A silent server does not hear of it.
 */
export class Terminations {
  /** What is to be done when each of them has ended. */
  readonly #pending = new Map<ReservedWire, () => void>()
  /** Who waits until each has ended. */
  readonly #waiting: ((all: true) => void)[] = []

  /**
   * @param send Sends a statement by the connection.
   * @param ended Called when it has ended.
   */
  begin(wire: ReservedWire, send: (sql: string) => Promise<unknown>, ended: () => void): void {
    this.#pending.set(wire, ended)
    const sql = endOf(wire.backend)
    // A transaction that has failed refuses all else.
    const again = (error: unknown) => (isFailedTransaction(error) ? send(`ROLLBACK; ${sql}`) : undefined)
    void send(sql)
      .catch(again)
      .catch(() => undefined)
  }

  /** To be called when a connection has ended. */
  look(): void {
    for (const [wire, ended] of this.#pending) {
      if (!wire.lost) continue
      this.#pending.delete(wire)
      ended()
    }
    if (this.#pending.size === 0) for (const resolve of this.#waiting.splice(0)) resolve(true)
  }

  /** Settles when each has ended. */
  allEnded(): Promise<true> {
    return new Promise((resolve) => {
      if (this.#pending.size === 0) resolve(true)
      else this.#waiting.push(resolve)
    })
  }
}

/**
 * A statement that ends the session which runs it, once it is idle: the library gives the next statement of that place in the pool the error of
 * one that was under way when a connection ended, and then its `end` waits for ever. A pooler's session is ended at once,
 * because another client might have it meanwhile.
 *
 * @param backend The server's number for the connection; `undefined` where the library does not tell.
 */
function endOf(backend: number | undefined): string {
  const timeouts = ['idle_session_timeout', 'idle_in_transaction_session_timeout']
  const idle = timeouts.map((name) => `set_config('${name}', '1', false)`).join(' || ')
  const now = 'pg_terminate_backend(pg_backend_pid())::text'
  return `SELECT CASE WHEN pg_backend_pid() = ${backend ?? 0} THEN ${idle} ELSE ${now} END`
}
