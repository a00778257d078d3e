import type { Row } from '../driver/driver.js'
import type { OperationQueue } from '../queue/operation-queue.js'
import type { Statement } from '../queue/statement.js'
import { nextTurn } from '../time/clock.js'
import type { Session } from './session.js'

// After WRITES_PER_SWEEP writes, a statement removes at most SWEEP_ROWS rows; larger writes cause one statement per SWEEP_ROWS.
// So more rows are removed than a steady load adds. One statement uses the connection for about 2 ms, no matter how many rows
// have expired.
const WRITES_PER_SWEEP = 32
const SWEEP_ROWS = 128
// A sweep that found nothing is not repeated before this time or this number of writes. When nothing expires, the search reduced
// the throughput of writes that share their statements by a third.
const FUTILE_PAUSE_MS = 1_000
const FUTILE_PAUSE_WRITES = 1_024

/** Removes the expired rows of one table in the background. */
export class Sweeper {
  readonly #session: Session
  readonly #statement: Statement<'many'>
  readonly #background: Statement<'many'>
  readonly #named = new Map<string, Statement<'many'>>()
  readonly #table: string
  readonly #grace: number | undefined
  #writes = 0
  /** Monotonic ms of the last sweep, if it found nothing. */
  #futileAt: number | undefined

  /**
   * @param statement Deletes at most `?1` expired rows and returns one row for each.
   * @param grace ms that background work leaves a row after its expiry. Then the statement takes such a time as `?2`.
   */
  constructor(session: Session, statement: Statement<'many'>, table: string, grace?: number) {
    this.#session = session
    this.#statement = statement
    this.#background = { ...statement, background: true }
    this.#table = table
    this.#grace = grace
  }

  /** Counts rows written with an expiry; starts a background sweep from time to time. */
  wrote(rows: number): void {
    this.#writes += rows
    if (this.#writes < WRITES_PER_SWEEP || this.#wouldBeFutile()) return
    const statements = Math.ceil(this.#writes / SWEEP_ROWS)
    this.#writes = 0
    void this.#sweepInBackground(statements)
  }

  #wouldBeFutile(): boolean {
    if (this.#futileAt === undefined || this.#writes >= FUTILE_PAUSE_WRITES) return false
    return this.#session.clock.monotonic() - this.#futileAt < FUTILE_PAUSE_MS
  }

  /**
   * Removes every expired row in short statements, with other calls between them, on a second connection if there is one. Ends
   * early when the session does. Returns the number of removed rows.
   *
   * @param operation The operation named in errors; `undefined` for background work, which fails immediately when the database is
   *   busy.
   */
  async prune(operation?: string): Promise<number> {
    const statement = operation === undefined ? this.#background : this.#statementOf(operation)
    let removed = 0
    for (;;) {
      if (!this.#session.ready) await this.#session.connect(statement.name)
      const rows = await this.#sweep(statement, this.#session.connection.queueForLongCalls)
      removed += rows
      if (rows < SWEEP_ROWS) return removed
      // A synchronous engine gives the event loop no turn between two statements.
      await nextTurn()
      if (this.#session.ended) return removed
    }
  }

  /**
   * Returns the statement with the name of an operation. One object per name, because another thread keeps every statement it
   * receives.
   */
  #statementOf(operation: string): Statement<'many'> {
    const known = this.#named.get(operation)
    if (known !== undefined) return known
    const statement = { ...this.#statement, name: operation }
    this.#named.set(operation, statement)
    return statement
  }

  async #sweepInBackground(statements: number): Promise<void> {
    try {
      for (let left = statements; left > 0 && this.#session.ready; left--) {
        if ((await this.#sweep(this.#background, this.#session.queue)) < SWEEP_ROWS) break
        await nextTurn()
      }
    } catch (error) {
      this.#session.diagnostics.backgroundError(this.#statement.name, error)
    }
  }

  async #sweep(statement: Statement<'many'>, queue: OperationQueue): Promise<number> {
    const parameters = [SWEEP_ROWS]
    if (this.#grace !== undefined) parameters.push(statement.background ? this.#grace : 0)
    const removed = await queue.execute(statement, parameters, countRows)
    this.#futileAt = removed === 0 ? this.#session.clock.monotonic() : undefined
    if (removed > 0) this.#session.diagnostics.emit({ type: 'sweep', table: this.#table, removed })
    return removed
  }
}

const countRows = (rows: readonly Row[]): number => rows.length
