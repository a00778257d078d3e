import { enterLog, reportPosition } from './change-log.js'
import type { Position } from './position.js'
import type { Sql } from './sql.js'

const EVERY_MS = 1_000
const IDLE_MS = 600_000

/**
 * Reports to the source at intervals that a follower is alive and its position. Each report is a commit, so it is not sent with
 * each round.
 */
export class Heartbeat {
  readonly #now: () => number
  #sentAt = 0
  #sent: number | undefined

  /** @param now Epoch ms. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Sends a report if one is due. If the source has dropped the follower, and with it perhaps the log, enters it again. */
  async send(source: Sql, { follower, seq }: Position): Promise<void> {
    const now = this.#now()
    const since = now - this.#sentAt
    // A clock that was set back would stop the reports until it catches up, and the log would grow as long.
    if (since >= 0 && since < (seq === this.#sent ? IDLE_MS : EVERY_MS)) return
    // Also set for a failed report, because each attempt waits for other writers.
    this.#sentAt = now
    this.#sent = undefined
    if (!(await reportPosition(source, follower, seq, now))) await enterLog(source, follower, seq, now)
    this.#sent = seq
  }
}
