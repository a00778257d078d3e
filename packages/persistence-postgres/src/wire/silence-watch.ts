import { pause, type Row, type SqlValue, systemClock } from '@go-go-scope/persistence-core/dialect'
import { within } from './deadline.js'
import { ConnectionLost, type Wire } from './wire.js'

/** An answer that was on its way while the server was asked has this long to come, in ms. */
const LATE_ANSWER_MS = 1_000

const BACKEND = 'SELECT pg_backend_pid()::int AS backend'
// What waits for a whole table, which no `lock_timeout` of the statement itself limits, is cancelled.
const WAITS_FOR_TABLE = "wait_event_type = 'Lock' AND wait_event = 'relation'"
// Looked at again in the moment of cancelling: what has its lock meanwhile may be over, and a pooler's session at work for others.
const CANCEL = 'CASE WHEN cardinality(pg_blocking_pids(pid)) > 0 THEN pg_cancel_backend(pid)::int END'
// One row where the server says of a connection that its statement runs. With `track_activities` off it tells only what the
// connection waits for, and nothing where it is of another role than the one that asks, as in a pool that sets one.
const AT_WORK = `SELECT CASE WHEN ${WAITS_FOR_TABLE} THEN ${CANCEL} END AS cancelled
FROM pg_stat_activity WHERE pid = $1::int
  AND (state = 'active' OR coalesce(state, 'disabled') = 'disabled' AND wait_event IS DISTINCT FROM 'ClientRead')`
// By the text of a statement of ours, of which the server shows the first 1,023 bytes by default, where no number is known. One
// of another process that has waited as long may be cancelled too: its queue sends it again.
const CANCEL_TEXT = `SELECT ${CANCEL} AS cancelled FROM pg_stat_activity
WHERE datname = current_database() AND usename = current_user AND state = 'active' AND ${WAITS_FOR_TABLE}
  AND (query = $1::text OR octet_length(query) > 500 AND starts_with($1::text, query))
  AND clock_timestamp() - query_start > $2::float8 * interval '1 ms'`

interface Sent {
  /** The server's number for the connection; `undefined` where it is not known. */
  readonly backend: number | undefined
  /** Of ours; see {@link SilenceWatch.answered}. */
  readonly text: string | undefined
  readonly giveUp: (reason: ConnectionLost) => void
  /** Monotonic ms since which the server has been silent. */
  since: number
}

/**
 * Waits for answers without a limit of time, because a statement may take long. But a server that is gone without a word
 * never answers: one that is silent for long is asked by another connection whether the statement runs.
 *
 * One statement is in flight at a time, and one timer looks after all: one for each would cost as much as the statement.
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
   * What `answer` comes to, of a statement that was sent.
   *
   * @param backend The server's number for the connection; without it the answer is waited for, however long it takes.
   * @param text By which it may be cancelled where no number is known. `undefined` for a text that statements of the app may have too.
   * @throws ConnectionLost when the server says that no such statement runs, or nothing.
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
    if (await this.#mayBeAtWork(sent)) {
      sent.since = systemClock.monotonic()
      return
    }
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
      // It cannot be asked, so it is as good as gone; of a connection without a number nobody knows.
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
    // Ended, because the next question would take one more of the pool's connections, or of the pooler's.
    return within<Row[]>(this.#answerTimeout, answer, async () => {
      late = true
      close(true)
      return []
    })
  }
}

/** The number by which the server can be asked after a connection; `undefined` where it is that of a pooler. */
export async function knownBackend(wire: Wire): Promise<number | undefined> {
  const { backend } = wire
  if (backend === undefined) return undefined
  const [row] = await wire.run(BACKEND, [], undefined)
  return row?.backend === backend ? backend : undefined
}
