import type { AsyncDriver, AsyncStatement, Row, SqlValue, TakeRows, TransactionPart } from '../driver/driver.js'
import type { ConnectionClock } from '../time/connection-clock.js'
import { batchParameters, joinedParameter } from './batch.js'
import { isJoined, type JoinedCalls } from './joined-calls.js'
import type { QueueContext, QueueDialect, WriteGuard } from './queue-context.js'
import { callsIn, type Run } from './runs.js'
import { SlowStatements } from './slow-statements.js'
import { type Parameters, requiredRow, type Step } from './statement.js'
import { boundParameters, stepChecked } from './step.js'

/** A driver that runs whole transactions. */
type TransactingDriver = AsyncDriver & Required<Pick<AsyncDriver, 'transact'>>

/** Runs the work of the queue on an asynchronous driver, one at a time, with its prepared statements. */
export class AsyncRunner {
  readonly #driver: AsyncDriver
  readonly #clock: ConnectionClock
  readonly #slow: SlowStatements
  readonly #guard: WriteGuard
  readonly #dialect: QueueDialect
  /** Whether a transaction of ours is open. The guard was checked before it began. */
  #transacting = false
  /** Whether a transaction of ours is still open, because its ROLLBACK failed. The next statement must not become part of it. */
  #leftOpen = false
  readonly #prepared = new Map<string, AsyncStatement>()

  constructor(driver: AsyncDriver, { clock, diagnostics, dialect, guard }: QueueContext) {
    this.#driver = driver
    this.#clock = clock
    this.#guard = guard
    this.#dialect = dialect
    this.#slow = new SlowStatements(clock, diagnostics)
  }

  /**
   * Returns the rows of calls of one statement.
   *
   * @param sql Default: the statement itself for one call, its batch for more.
   * @param taken See {@link AsyncStatement.all}.
   */
  async run(calls: Run, sql: string = sqlOf(calls), taken?: TakeRows): Promise<Row[]> {
    const { statement } = calls[0]
    if (this.#leftOpen) await this.#rollBack()
    if (statement.kind === 'write' && !this.#transacting && this.#guard.needsCheck()) await this.#checkGuard()
    const prepared = this.#prepared.get(sql) ?? (await this.#prepare(sql))
    const stop = this.#slow.start(statement.name, callsIn(calls))
    const rows = await prepared.all(this.#bound(calls), taken)
    stop?.()
    return rows
  }

  /**
   * Returns the packed row of the calls (see `packed` of the statement's batch), or nothing when the statement returns no rows.
   */
  async runAsOne(calls: Run): Promise<Row | undefined> {
    const { name, batch } = calls[0].statement
    const [row] = await this.run(calls, batch?.packed)
    return batch?.packed === undefined ? undefined : requiredRow(row, name)
  }

  /** Returns the rows of each of several runs, which run in one transaction. */
  async runTogether(runs: readonly Run[]): Promise<Row[][]> {
    const driver = this.#driver
    if (!takesTransactions(driver)) {
      return this.#transact(async () => {
        const answers: Row[][] = []
        for (const run of runs) answers.push(await this.run(run))
        return answers
      })
    }
    const [[first]] = runs as [Run]
    const stop = this.#slow.start(first.name, callsIn(runs.flat()))
    const answers = await this.#transactAtOnce(driver, () =>
      runs.map((run) => ({ sql: sqlOf(run), parameters: this.#bound(run), again: true })),
    )
    stop?.()
    return answers
  }

  async query(sql: string, parameters: Parameters): Promise<Row[]> {
    if (this.#leftOpen) await this.#rollBack()
    return this.#driver.query(sql, parameters)
  }

  async steps(steps: readonly Step[], name: string): Promise<Row[][]> {
    const driver = this.#driver
    const stop = this.#slow.start(name, 1)
    let results: Row[][] = []
    if (takesTransactions(driver) && steps.every(({ after }) => after === undefined)) {
      const answers = await this.#transactAtOnce(driver, () =>
        steps.map(({ sql, parameters = NO_PARAMETERS, clocked, expect }) => {
          return { sql, parameters: boundParameters(parameters, clocked, this.#clock), again: false, expect }
        }),
      )
      results = answers.map((rows, at) => stepChecked(steps[at] as Step, rows, name))
    } else {
      await this.#transact(async () => {
        for (const step of steps) {
          const { sql, parameters = NO_PARAMETERS, clocked, ofApp } = step
          const rows = await this.#driver.query(sql, boundParameters(parameters, clocked, this.#clock), ofApp)
          results.push(stepChecked(step, rows, name))
        }
      })
    }
    stop?.()
    return results
  }

  async #transact<Result>(body: () => Promise<Result>): Promise<Result> {
    if (this.#leftOpen) await this.#rollBack()
    if (this.#guard.needsCheck()) await this.#checkGuard()
    const { begin, commit, rollback } = this.#dialect.transaction
    // First: if memory runs out in the transaction, it can still be rolled back. Later writes would otherwise become part of it.
    if (!this.#prepared.has(rollback)) await this.#prepare(rollback)
    // Outside the try: after a failed BEGIN, no ROLLBACK may end a transaction that the app has open on its handle.
    await this.#control(begin)
    this.#transacting = true
    let committing = false
    try {
      const result = await body()
      committing = true
      await this.#control(commit)
      return result
    } catch (error) {
      await this.#rollBack().catch(() => undefined) // The caller needs the first error. The next statement tries again.
      throw committing ? error : (this.#dialect.undone?.(error) ?? error)
    } finally {
      this.#transacting = false
    }
  }

  /** @throws the error of the engine when the transaction stays open: an app may have interrupted its handle. */
  async #rollBack(): Promise<void> {
    const { transaction, leftOpen } = this.#dialect
    try {
      await this.#control(transaction.rollback)
      this.#leftOpen = false
    } catch (error) {
      // The engine has rolled back by itself after some errors and then refuses this.
      this.#leftOpen = leftOpen?.(error) === true
      if (this.#leftOpen) throw error
    }
  }

  async finalize(): Promise<void> {
    if (this.#leftOpen) await this.#rollBack()
    const statements = [...this.#prepared.values()]
    this.#prepared.clear()
    for (const statement of statements) await statement.finalize()
  }

  async leave(): Promise<void> {
    await this.#driver.leave?.()
  }

  close(split?: boolean): Promise<void> {
    return this.#driver.close(split)
  }

  /**
   * Passes a whole transaction to the driver, so that none stays open while this thread does other work.
   *
   * @param parts Called after the guard was checked, because it binds the time.
   */
  async #transactAtOnce(driver: TransactingDriver, parts: () => readonly TransactionPart[]): Promise<Row[][]> {
    if (this.#guard.needsCheck()) await this.#checkGuard()
    return driver.transact(this.#dialect.transaction, parts())
  }

  #bound(calls: Run): Parameters {
    return boundParameters(parametersOf(calls), calls[0].statement.clocked, this.#clock)
  }

  /** @throws PersistenceError when a write now would be lost. */
  async #checkGuard(): Promise<void> {
    this.#guard.check(await this.query(this.#guard.checkSql, []))
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

function takesTransactions(driver: AsyncDriver): driver is TransactingDriver {
  return driver.transact !== undefined
}

/** Returns the SQL for one call, or that of the batch for several. */
function sqlOf(calls: Run): string {
  const [first] = calls
  const { sql, batch } = first.statement
  if (batch === undefined) return sql
  if (isJoined(first)) return batch.packed ?? batch.sql
  return calls.length === 1 ? sql : batch.sql
}

/** Returns the parameters for {@link sqlOf}, without the time. */
function parametersOf(calls: Run): Parameters {
  const [first] = calls
  const { batch } = first.statement
  if (isJoined(first)) return [joinedParameter(calls as unknown as readonly JoinedCalls[])]
  return calls.length === 1 || batch === undefined ? first.parameters : batchParameters(batch, calls)
}

const NO_PARAMETERS: readonly SqlValue[] = []
