import { pause, type Row, systemClock } from '@go-go-scope/persistence-core/dialect'
import { within } from './deadline.js'
import { ConnectionLost, type Wire } from './wire.js'

/** An answer that was on its way while the server was asked has this long to come, in ms. */
const LATE_ANSWER_MS = 1_000

const BACKEND = 'SELECT pg_backend_pid()::int AS backend'
// One row where the server says of a connection that its statement runs. What waits for a whole table, which no `lock_timeout`
// of the statement itself limits, is cancelled.
const AT_WORK = `SELECT CASE WHEN wait_event_type = 'Lock' AND wait_event = 'relation' THEN pg_cancel_backend(pid)::int END AS cancelled
FROM pg_stat_activity WHERE pid = $1::int AND state = 'active'`

interface Sent {
  /** The server's number for the connection. */
  readonly backend: number
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

  /** What `answer` comes to. @throws ConnectionLost when the server says that no such statement runs, or nothing. */
  answered<T>(backend: number, answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const sent: Sent = { backend, giveUp: reject, since: systemClock.monotonic() }
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
    if (await this.#isAtWork(sent.backend)) {
      sent.since = systemClock.monotonic()
      return
    }
    await pause(LATE_ANSWER_MS)
    if (this.#sent !== sent) return
    this.#sent = undefined
    sent.giveUp(new ConnectionLost(new Error('the server does not answer'), true))
  }

  async #isAtWork(backend: number): Promise<boolean> {
    try {
      const wire = await this.#connect()
      const answer = wire.run(AT_WORK, [backend], undefined).finally(() => wire.close(wire.lost))
      const rows = await within<Row[]>(this.#answerTimeout, answer, async () => [])
      return rows.length > 0
    } catch {
      // It cannot be asked, so it is as good as gone.
      return false
    }
  }
}

/** The number by which the server can be asked after a connection; `undefined` where it is that of a pooler. */
export async function knownBackend(wire: Wire): Promise<number | undefined> {
  const { backend } = wire
  if (backend === undefined) return undefined
  const [row] = await wire.run(BACKEND, [], undefined)
  return row?.backend === backend ? backend : undefined
}
