import { hasCode } from '../errors/persistence-error.js'
import type { Statement } from '../queue/statement.js'
import type { Session } from './session.js'

// A record with every grant would double the writes while the wall clock is behind.
const PAUSE_MS = 1_000

/** The statements that record the time of the database while the wall clock is behind it. */
export interface LeaseTimeSql {
  /** `mark`: the time of the last grant or renewal of any lease; `recorded`: the mark of the valid record. */
  readonly read: Statement<'one'>
  /** Creates or updates the record if the wall clock is behind, and returns the time. Uses the wall clock. */
  readonly record: Statement<'one'>
}

/**
 * The lease time of a file, for processes that start while the wall clock is behind it (for example after it was set back) and
 * may end before any lease does. Each records the time of the file and of its wall clock; the next one continues from there.
 */
export class LeaseTimeRecord {
  readonly #session: Session
  readonly #sql: LeaseTimeSql
  readonly #recordInTurn: Statement<'one'>
  /** Monotonic ms of the last record made for a grant. */
  #recordedAt = Number.NEGATIVE_INFINITY

  constructor(session: Session, sql: LeaseTimeSql) {
    this.#session = session
    this.#sql = sql
    this.#recordInTurn = { ...sql.record, background: true }
  }

  /** Adopts the time of the file. Call it for a session that is about to be ready. */
  async enter(): Promise<void> {
    const { queue, clock, connection } = this.#session
    // A process that was running before has tracked the time itself, including changes of the wall clock.
    const { started } = clock.lease
    const now = clock.lease.now()
    if (connection.readOnly) return
    const [row] = await queue.query('connect', this.#sql.read.sql)
    if (row === undefined || (Number(row.mark) <= now && (started || row.recorded !== row.mark))) return
    try {
      await this.#session.executeRegardless(this.#sql.record, [], (recorded) => {
        if (recorded !== undefined) clock.lease.observe(Number(recorded.now))
      })
    } catch (error) {
      // A handle that turns out to be read-only grants nothing.
      if (!hasCode(error, 'READ_ONLY')) throw error
    }
  }

  /**
   * Makes a new record after a grant or renewal, which has invalidated the last one.
   *
   * @param at When the lease was granted: epoch ms by the time of the file.
   */
  granted(at: number): void {
    const { clock } = this.#session
    if (at <= clock.now()) return
    const now = clock.monotonic()
    if (now - this.#recordedAt < PAUSE_MS) return
    this.#recordedAt = now
    void this.#recordInBackground()
  }

  async #recordInBackground(): Promise<void> {
    try {
      await this.#session.execute(this.#recordInTurn, [], () => undefined)
    } catch (error) {
      this.#session.diagnostics.backgroundError(this.#sql.record.name, error)
    }
  }
}
