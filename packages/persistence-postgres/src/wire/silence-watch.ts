import { pause, type Row, type SqlValue, systemClock } from '@go-go-scope/persistence-core/dialect'
import { within } from './deadline.js'
import { ConnectionLost, type Wire } from './wire.js'

/** Time for an answer that was on its way while the server was asked, in ms. */
const LATE_ANSWER_MS = 1_000

const BACKEND = 'SELECT pg_backend_pid()::int AS backend'
// A statement that waits for a table lock is cancelled, because its own `lock_timeout` does not cover that wait.
const WAITS_FOR_TABLE = "wait_event_type = 'Lock' AND wait_event = 'relation'"
// Checked again when cancelling: if the statement has its lock by now, it may be over, and a pooler's session may serve others.
const CANCEL = 'CASE WHEN pg_catalog.cardinality(pg_blocking_pids(pid)) > 0 THEN pg_cancel_backend(pid)::int END'
// Returns one row if the server reports that the connection's statement runs. With `track_activities` off, the server reports
// only what the connection waits for, and nothing at all to another role, as in a pool that sets a role.
const AT_WORK = `SELECT CASE WHEN ${WAITS_FOR_TABLE} THEN ${CANCEL} END AS cancelled
FROM pg_catalog.pg_stat_activity WHERE pid = $1::int
  AND (state = 'active' OR coalesce(state, 'disabled') = 'disabled' AND wait_event IS DISTINCT FROM 'ClientRead')`
// Finds the statement by its text if no process id is known. By default the server shows the first 1,023 bytes. The same
// statement of another process that has waited as long may be cancelled too; its queue retries it.
const CANCEL_TEXT = `SELECT ${CANCEL} AS cancelled FROM pg_catalog.pg_stat_activity
WHERE datname = current_database() AND usename = current_user AND state = 'active' AND ${WAITS_FOR_TABLE}
  AND (query = $1::text OR octet_length(query) > 500 AND starts_with($1::text, query))
  AND clock_timestamp() - query_start > $2::float8 * interval '1 ms'`

interface Sent {
  /** The connection's backend process id; `undefined` if unknown. */
  readonly backend: number | undefined
  /** See {@link SilenceWatch.answered}. */
  readonly text: string | undefined
  readonly giveUp: (reason: ConnectionLost) => void
  /** Monotonic ms at which it was sent. */
  readonly since: number
}

/**
 * Waits for answers without a time limit, because a statement may take long. But a server that vanished never answers. So after
 * a long silence, the server is asked over another connection whether the statement still runs.
 *
 * One statement is in flight at a time. One timer serves all of them, because a timer each would cost as much as the statement.
 */
export class SilenceWatch {
  readonly #answerTimeout: number
  readonly #connect: () => Promise<Wire>
  #sent: Sent | undefined
  #looking = false

  /** @param answerTimeout ms of silence after which the server is asked. @param connect Makes a connection to ask by. */
  constructor(answerTimeout: number, connect: () => Promise<Wire>) {
    this.#answerTimeout = answerTimeout
    this.#connect = connect
  }

  /**
   * Returns the result of `answer`, which belongs to a statement that was sent.
   *
   * @param backend The connection's backend process id. Without it, the wait for the answer has no limit.
   * @param text Identifies the statement for cancelling if `backend` is unknown. `undefined` if the app may use the same text.
   * @throws ConnectionLost when the server reports that the statement does not run, or does not answer.
   */
  answered<T>(backend: number | undefined, text: string | undefined, answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const sent: Sent = { backend, text, giveUp: reject, since: systemClock.monotonic() }
      this.#sent = sent
      const settled = (): void => {
        if (this.#sent === sent) this.#sent = undefined
      }
      answer.then(resolve, reject)
      answer.then(settled, settled)
      if (!this.#looking) this.#lookAfter(this.#answerTimeout)
    })
  }

  #lookAfter(delay: number): void {
    this.#looking = true
    systemClock.setTimer(() => void this.#look(), delay)
  }

  async #look(): Promise<void> {
    const sent = this.#sent
    if (sent !== undefined) await this.#lookAt(sent)
    this.#looking = false
    if (this.#sent !== undefined) this.#lookAfter(this.#answerTimeout)
  }

  async #lookAt(sent: Sent): Promise<void> {
    if (systemClock.monotonic() - sent.since < this.#answerTimeout) return
    if (await this.#mayBeAtWork(sent)) return
    await pause(LATE_ANSWER_MS)
    if (this.#sent !== sent) return
    this.#sent = undefined
    sent.giveUp(new ConnectionLost(new Error('the server does not answer'), true))
  }

  async #mayBeAtWork({ backend, text }: Sent): Promise<boolean> {
    try {
      if (backend !== undefined) return (await this.#ask(AT_WORK, [backend])).length > 0
      if (text !== undefined) await this.#ask(CANCEL_TEXT, [text, this.#answerTimeout])
      return true
    } catch {
      // The server cannot be asked, so it counts as gone. Without a process id there is no evidence, so the wait goes on.
      return backend === undefined
    }
  }

  async #ask(question: string, parameters: readonly SqlValue[]): Promise<Row[]> {
    const wire = await this.#connect()
    const close = (broken: boolean): void => void wire.close(broken).catch(() => undefined)
    let late = false
    const answer = wire.run(question, parameters, undefined).finally(() => {
      if (!late) close(wire.lost)
    })
    // Closed, because each further question would occupy one more connection of the pool or the pooler.
    return within<Row[]>(this.#answerTimeout, answer, async () => {
      late = true
      close(true)
      return []
    })
  }
}

/** Returns the connection's backend process id; `undefined` if the id is that of a pooler. */
export async function knownBackend(wire: Wire): Promise<number | undefined> {
  const { backend } = wire
  if (backend === undefined) return undefined
  const [row] = await wire.run(BACKEND, [], undefined)
  return row?.backend === backend ? backend : undefined
}
