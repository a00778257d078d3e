import { PersistenceError } from '../errors/persistence-error.js'
import type { Statement } from '../queue/statement.js'
import type { Session } from './session.js'

// A record with every grant would double the writes for as long as the wall clock is behind.
const PAUSE_MS = 1_000

// The time of the last grant or renewal of any lease.
const MARK = `(SELECT max(
  coalesce((SELECT clock FROM go_goscope_lock_counter), 0), coalesce((SELECT now FROM go_goscope_claim_clock), 0)
) AS mark)`

// A record holds on while the wall clock passes the mark, so that a lease longer than the set-back ends in time. One of
// a clock that was more than a day behind (a machine that starts in 1970) does not: put right, it would end every lease.
const LONGEST_LEAD_MS = 86_400_000
const RECORDED = `(SELECT mark FROM go_goscope_lease_time WHERE now - wall <= ${LONGEST_LEAD_MS})`

const READ = `SELECT marked.mark, ${RECORDED} AS recorded FROM ${MARK} AS marked`

// A record counts only while nothing was granted since. The statement may have waited for another writer with the time it
// was given, so a wall clock that is a little behind the record has not been set back.
const LONGEST_WAIT_MS = 100
const RECORD: Statement<'one'> = {
  name: 'time.record',
  kind: 'write',
  rows: 'one',
  clocked: true,
  sql: `INSERT INTO go_goscope_lease_time (id, mark, now, wall)
SELECT 1, marked.mark, marked.mark, ?1 FROM ${MARK} AS marked
WHERE marked.mark > ?1 OR marked.mark = ${RECORDED}
ON CONFLICT (id) DO UPDATE SET
  now = CASE WHEN mark = excluded.mark THEN now + max(0, excluded.wall - wall) ELSE excluded.mark END,
  wall = CASE WHEN mark = excluded.mark AND excluded.wall BETWEEN wall - ${LONGEST_WAIT_MS} AND wall THEN wall ELSE excluded.wall END,
  mark = excluded.mark
RETURNING now`,
}

const RECORD_IN_BACKGROUND: Statement<'one'> = { ...RECORD, background: true }

/**
 * The time of the leases in a file, for processes that start while the wall clock is behind it, as after it was set back,
 * and that may end before any lease does. Each records in the file what time it is there and what the wall clock says; the
 * next one counts on from that.
 */
export class FileTime {
  readonly #session: Session
  /** Monotonic ms of the last record of a grant. */
  #recordedAt = Number.NEGATIVE_INFINITY

  constructor(session: Session) {
    this.#session = session
  }

  /** Takes over the time of the file. For a session that is about to be ready. */
  async enter(): Promise<void> {
    const { queue, clock, connection } = this.#session
    // A process that was here before has counted the time itself, whatever the wall clock did.
    const { started } = clock.lease
    const now = clock.lease.now()
    if (connection.readOnly) return
    const [row] = await queue.query('connect', READ)
    if (row === undefined || (Number(row.mark) <= now && (started || row.recorded !== row.mark))) return
    try {
      await this.#session.execute(RECORD, [], (recorded) => {
        if (recorded !== undefined) clock.lease.observe(Number(recorded.now))
      })
    } catch (error) {
      // A handle that turns out to be read-only grants nothing.
      if (!(error instanceof PersistenceError && error.code === 'READ_ONLY')) throw error
    }
  }

  /**
   * Makes the record that a grant or renewal has made void anew.
   *
   * @param at Epoch ms by the time of the file.
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
      await this.#session.execute(RECORD_IN_BACKGROUND, [], () => undefined)
    } catch (error) {
      this.#session.diagnostics.backgroundError(RECORD.name, error)
    }
  }
}
