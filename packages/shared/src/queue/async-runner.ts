import type { AsyncDriver, AsyncStatement, Row, SqlValue } from '../driver/driver.js'
import type { ConnectionClock } from '../time/connection-clock.js'
import { batchParameters } from './batch.js'
import type { Call } from './call.js'
import type { QueueContext, QueueDialect, WriteGuard } from './queue-context.js'
import { SlowStatements } from './slow-statements.js'
import type { Parameters, Step } from './statement.js'
import { boundParameters, stepChecked } from './step.js'

/** An asynchronous driver with its prepared statements: runs what the queue decides to run, one thing at a time. */
export class AsyncRunner {
  readonly #driver: AsyncDriver
  readonly #clock: ConnectionClock
  readonly #slow: SlowStatements
  readonly #guard: WriteGuard
  readonly #dialect: QueueDialect
  /** Whether a transaction of ours is open, before which the guard was asked. */
  #transacting = false
  readonly #prepared = new Map<string, AsyncStatement>()

  constructor(driver: AsyncDriver, { clock, diagnostics, dialect, guard }: QueueContext) {
    this.#driver = driver
    this.#clock = clock
    this.#guard = guard
    this.#dialect = dialect
    this.#slow = new SlowStatements(clock, diagnostics)
  }

  /** The rows of calls of one statement: of its own SQL for one, of its batch SQL for more. */
  async run(calls: readonly Call[]): Promise<Row[]> {
    const { statement, parameters } = calls[0] as Call
    const { batch } = statement
    const alone = calls.length === 1 || batch === undefined
    const bound = alone ? parameters : batchParameters(batch, calls)
    const sql = alone ? statement.sql : batch.sql
    if (statement.kind === 'write' && !this.#transacting && this.#guard.doubtful()) await this.#askGuard()
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
    if (this.#guard.doubtful()) await this.#askGuard()
    // Outside the try: a BEGIN that failed must not roll back a transaction the app itself has open on its handle.
    const { begin, commit, rollback } = this.#dialect.transaction
    await this.#control(begin)
    this.#transacting = true
    let committing = false
    try {
      const result = await body()
      committing = true
      await this.#control(commit)
      return result
    } catch (error) {
      // The engine has rolled back by itself after some errors and then refuses this; either way nothing stays open.
      await this.#control(rollback).catch(() => undefined)
      throw committing ? error : (this.#dialect.undone?.(error) ?? error)
    } finally {
      this.#transacting = false
    }
  }

  async finalize(): Promise<void> {
    const statements = [...this.#prepared.values()]
    this.#prepared.clear()
    for (const statement of statements) await statement.finalize()
  }

  async leave(): Promise<void> {
    await this.#driver.leave?.()
  }

  close(): Promise<void> {
    return this.#driver.close()
  }

  /** @throws PersistenceError when what would be written now is lost. */
  async #askGuard(): Promise<void> {
    this.#guard.judge(await this.query(this.#guard.question, []))
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
