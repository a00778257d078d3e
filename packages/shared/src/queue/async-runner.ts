import { ASK_JOURNAL_MODE, type LogWatch } from '../dialects/sqlite/file/log-watch.js'
import type { AsyncDriver, AsyncStatement, Row, SqlValue } from '../driver/driver.js'
import type { Diagnostics } from '../errors/diagnostics.js'
import type { ConnectionClock } from '../time/connection-clock.js'
import { batchParameters } from './batch.js'
import { boundParameters } from './bound-parameters.js'
import type { Call } from './call.js'
import { SlowStatements } from './slow-statements.js'
import type { Parameters, Step } from './statement.js'
import { stepChecked } from './transaction.js'

/** An asynchronous driver with its prepared statements: runs what the queue decides to run, one thing at a time. */
export class AsyncEngine {
  readonly #driver: AsyncDriver
  readonly #clock: ConnectionClock
  readonly #slow: SlowStatements
  readonly #log: LogWatch
  /** Whether a transaction of ours is open, before which the log was looked for. */
  #transacting = false
  readonly #prepared = new Map<string, AsyncStatement>()

  constructor(driver: AsyncDriver, clock: ConnectionClock, diagnostics: Diagnostics, log: LogWatch) {
    this.#driver = driver
    this.#clock = clock
    this.#log = log
    this.#slow = new SlowStatements(clock, diagnostics)
  }

  /** The rows of calls of one statement: of its own SQL for one, of its batch SQL for more. */
  async run(calls: readonly Call[]): Promise<Row[]> {
    const { statement, parameters } = calls[0] as Call
    const { batch } = statement
    const alone = calls.length === 1 || batch === undefined
    const bound = alone ? parameters : batchParameters(batch, calls)
    const sql = alone ? statement.sql : batch.sql
    if (statement.kind === 'write' && !this.#transacting && this.#log.gone()) await this.#judgeLog()
    const prepared = this.#prepared.get(sql) ?? (await this.#prepare(sql))
    const stop = this.#slow.start(statement.name, calls.length)
    const rows = await prepared.all(boundParameters(bound, statement.clocked, this.#clock))
    stop?.()
    return rows
  }

  query(sql: string, parameters: Parameters): Promise<Row[]> {
    return this.#driver.query(sql, parameters)
  }

  steps(steps: readonly Step[], name: string): Promise<Row[][]> {
    return this.transact(async () => {
      const results: Row[][] = []
      for (const step of steps) {
        const parameters = boundParameters(step.parameters, step.clocked, this.#clock)
        results.push(stepChecked(step, await this.query(step.sql, parameters), name))
      }
      return results
    })
  }

  async transact<Result>(body: () => Promise<Result>): Promise<Result> {
    if (this.#log.gone()) await this.#judgeLog()
    // Outside the try: a BEGIN that failed must not roll back a transaction the app itself has open on its handle.
    await this.#control('BEGIN IMMEDIATE')
    this.#transacting = true
    try {
      const result = await body()
      await this.#control('COMMIT')
      return result
    } catch (error) {
      // SQLite has rolled back by itself after some errors and then refuses this; either way nothing stays open.
      await this.#control('ROLLBACK').catch(() => undefined)
      throw error
    } finally {
      this.#transacting = false
    }
  }

  async finalize(): Promise<void> {
    const statements = [...this.#prepared.values()]
    this.#prepared.clear()
    for (const statement of statements) await statement.finalize()
  }

  close(): Promise<void> {
    return this.#driver.close()
  }

  /** @throws PersistenceError `FILE_REPLACED` when what would be written now is lost. */
  async #judgeLog(): Promise<void> {
    this.#log.judge(await this.query(ASK_JOURNAL_MODE, []))
  }

  async #control(sql: string): Promise<void> {
    const prepared = this.#prepared.get(sql) ?? (await this.#prepare(sql))
    await prepared.all(NO_PARAMETERS)
  }

  async #prepare(sql: string): Promise<AsyncStatement> {
    const prepared = await this.#driver.prepare(sql)
    this.#prepared.set(sql, prepared)
    return prepared
  }
}

const NO_PARAMETERS: readonly SqlValue[] = []
