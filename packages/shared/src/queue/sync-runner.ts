import { ASK_JOURNAL_MODE, type LogWatch } from '../dialects/sqlite/file/log-watch.js'
import type { Row, SqlValue, SyncDriver, SyncStatement } from '../driver/driver.js'
import type { Diagnostics } from '../errors/diagnostics.js'
import type { ConnectionClock } from '../time/connection-clock.js'
import { boundParameters } from './bound-parameters.js'
import { SlowStatements } from './slow-statements.js'
import type { Parameters, Statement, Step } from './statement.js'
import { stepChecked } from './transaction.js'

/** What a statement gave: nothing, a row or `undefined`, or rows. */
export type Answer = Row | readonly Row[] | undefined

/** A synchronous driver with its prepared statements: runs what the queue decides to run. */
export class SyncEngine {
  readonly #driver: SyncDriver
  readonly #clock: ConnectionClock
  readonly #slow: SlowStatements
  readonly #log: LogWatch
  /** Whether a transaction of ours is open, before which the log was looked for. */
  #transacting = false
  readonly #prepared = new Map<string, SyncStatement>()

  constructor(driver: SyncDriver, clock: ConnectionClock, diagnostics: Diagnostics, log: LogWatch) {
    this.#driver = driver
    this.#clock = clock
    this.#log = log
    this.#slow = new SlowStatements(clock, diagnostics)
  }

  run(statement: Statement, parameters: Parameters): Answer {
    if (statement.kind === 'write' && !this.#transacting) this.#lookForLog()
    const prepared = this.#prepare(statement.sql)
    const bound = boundParameters(parameters, statement.clocked, this.#clock)
    const stop = this.#slow.start(statement.name, 1)
    let answer: Answer
    if (statement.rows === 'none') prepared.run(bound)
    else if (statement.rows === 'many') answer = prepared.all(bound)
    else answer = statement.kind === 'read' ? (prepared.get(bound) ?? undefined) : prepared.all(bound)[0]
    stop?.()
    return answer
  }

  query(sql: string, parameters: Parameters): Row[] {
    return this.#driver.query(sql, parameters)
  }

  steps(steps: readonly Step[], name: string): Row[][] {
    return this.transact(() =>
      steps.map((step) => {
        const parameters = boundParameters(step.parameters, step.clocked, this.#clock)
        return stepChecked(step, this.query(step.sql, parameters), name)
      }),
    )
  }

  transact<Result>(body: () => Result): Result {
    this.#lookForLog()
    // Outside the try: a BEGIN that failed must not roll back a transaction the app itself has open on its handle.
    this.#control('BEGIN IMMEDIATE')
    this.#transacting = true
    try {
      const result = body()
      this.#control('COMMIT')
      return result
    } catch (error) {
      this.#rollBack()
      throw error
    } finally {
      this.#transacting = false
    }
  }

  finalize(): void {
    for (const statement of this.#prepared.values()) statement.finalize()
    this.#prepared.clear()
  }

  close(): void {
    if (this.#driver.keepsFileOpen === true) this.#emptyLog()
    this.#driver.close()
  }

  /** @throws PersistenceError `FILE_REPLACED` when what would be written now is lost. */
  #lookForLog(): void {
    if (this.#log.gone()) this.#log.judge(this.query(ASK_JOURNAL_MODE, []))
  }

  #emptyLog(): void {
    try {
      this.query('PRAGMA wal_checkpoint(TRUNCATE)', [])
    } catch {
      // Others use the log, or the file is read-only. Nothing is lost: the next opener reads the log.
    }
  }

  #rollBack(): void {
    try {
      this.#control('ROLLBACK')
    } catch {
      // SQLite has rolled back by itself after some errors and then refuses this; either way nothing stays open.
    }
  }

  #control(sql: string): void {
    this.#prepare(sql).run(NO_PARAMETERS)
  }

  #prepare(sql: string): SyncStatement {
    let prepared = this.#prepared.get(sql)
    if (prepared === undefined) {
      prepared = this.#driver.prepare(sql)
      this.#prepared.set(sql, prepared)
    }
    return prepared
  }
}

const NO_PARAMETERS: readonly SqlValue[] = []
