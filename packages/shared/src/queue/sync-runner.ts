import type { Row, SqlValue, SyncDriver, SyncStatement, TransactionControl } from '../driver/driver.js'
import type { ConnectionClock } from '../time/connection-clock.js'
import { batchParameters, joinedParameter, parametersSideBySide, sharedParameters } from './batch.js'
import type { JoinedCalls } from './joined-calls.js'
import type { QueueContext, WriteGuard } from './queue-context.js'
import type { Run } from './runs.js'
import { SlowStatements } from './slow-statements.js'
import {
  type AnswerOf,
  type BatchSql,
  CALLS_BOUND_TOGETHER,
  type Parameters,
  type RowCount,
  requiredRow,
  type Statement,
  type Step,
  type TallySql,
} from './statement.js'
import { boundParameters, stepChecked } from './step.js'
import { Tally } from './tally.js'

/** The answer of any statement. */
export type Answer = AnswerOf<RowCount>

/** Runs the work of the queue on a synchronous driver, with its prepared statements. */
export class SyncRunner {
  readonly #driver: SyncDriver
  readonly #clock: ConnectionClock
  readonly #slow: SlowStatements
  readonly #guard: WriteGuard
  readonly #transaction: TransactionControl
  /** Whether a transaction of ours is open. The guard was checked before it began. */
  #transacting = false
  readonly #prepared = new Map<string, SyncStatement>()

  constructor(driver: SyncDriver, { clock, diagnostics, dialect, guard }: QueueContext) {
    this.#driver = driver
    this.#clock = clock
    this.#guard = guard
    this.#transaction = dialect.transaction
    this.#slow = new SlowStatements(clock, diagnostics)
  }

  run(statement: Statement, parameters: Parameters): Answer {
    if (statement.kind === 'write' && !this.#transacting) this.#checkGuard()
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

  /** Returns the rows of calls of one statement, by its batch SQL. */
  runBatch(calls: Run): readonly Row[] {
    const { statement } = calls[0]
    const batch = statement.batch as BatchSql
    const tally = batch.tally && Tally.of(calls)
    if (tally !== undefined) return this.#runTally(calls, batch, batch.tally as TallySql, tally)
    if (statement.kind === 'write' && !this.#transacting) this.#checkGuard()
    const time = boundParameters(NO_PARAMETERS, statement.clocked, this.#clock)
    const stop = this.#slow.start(statement.name, calls.length)
    let rows: readonly Row[] = NO_ROWS
    if (batch.bound !== undefined) this.#prepare(batch.bound).run([...parametersSideBySide(calls), ...time])
    else if (batch.match === 'none') this.#prepare(batch.sql).run([...batchParameters(batch, calls), ...time])
    else rows = this.#prepare(batch.sql).all([...batchParameters(batch, calls), ...time])
    stop?.()
    return rows
  }

  /** Returns the rows of calls of one statement as one row; see `packed` of its batch. */
  runPacked(calls: Run, sql: string): Row {
    const { statement } = calls[0]
    const time = boundParameters(NO_PARAMETERS, statement.clocked, this.#clock)
    const stop = this.#slow.start(statement.name, calls.length)
    const row = this.#prepare(sql).get([...batchParameters(statement.batch as BatchSql, calls), ...time])
    stop?.()
    return requiredRow(row ?? undefined, statement.name)
  }

  /** Returns the common answer of joined calls. If they need several statements, all take effect or none. */
  runJoined(calls: JoinedCalls): Row | undefined {
    const { statement, count } = calls
    const { packed, bound, sql } = statement.batch as BatchSql
    if (bound !== undefined) {
      this.#together(() => this.#runBound(calls, bound))
      return undefined
    }
    if (statement.kind === 'write' && !this.#transacting) this.#checkGuard()
    const stop = this.#slow.start(statement.name, count)
    const parameters = boundParameters([joinedParameter([calls])], statement.clocked, this.#clock)
    let row: Row | undefined
    if (packed === undefined) this.#prepare(sql).run(parameters)
    else row = requiredRow(this.#prepare(packed).get(parameters) ?? undefined, statement.name)
    stop?.()
    return row
  }

  query(sql: string, parameters: Parameters): Row[] {
    return this.#driver.query(sql, parameters)
  }

  steps(steps: readonly Step[], name: string): Row[][] {
    const stop = this.#slow.start(name, 1)
    const rows = this.transact(() =>
      steps.map((step) => {
        const { sql, parameters = NO_PARAMETERS, clocked } = step
        return stepChecked(step, this.query(sql, boundParameters(parameters, clocked, this.#clock)), name)
      }),
    )
    stop?.()
    return rows
  }

  transact<Result>(body: () => Result): Result {
    this.#checkGuard()
    // First: if memory runs out in the transaction, it can still be rolled back. Later writes would otherwise become part of it.
    this.#prepare(this.#transaction.rollback)
    // Outside the try: after a failed BEGIN, no ROLLBACK may end a transaction that the app has open on its handle.
    this.#control(this.#transaction.begin)
    this.#transacting = true
    try {
      const result = body()
      this.#control(this.#transaction.commit)
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

  close(split?: boolean): void {
    this.#driver.close(split)
  }

  /** Runs groups of the size that the statement takes, then the rest one by one. */
  #runBound({ statement, parameters, count }: JoinedCalls, bound: string): void {
    const time = boundParameters(NO_PARAMETERS, statement.clocked, this.#clock)
    const own = parameters.length / count
    for (let at = 0; at < count; ) {
      const calls = count - at < CALLS_BOUND_TOGETHER ? 1 : CALLS_BOUND_TOGETHER
      const stop = this.#slow.start(statement.name, calls)
      const prepared = this.#prepare(calls === 1 ? statement.sql : bound)
      prepared.run(parameters.slice(at * own, (at + calls) * own).concat(time))
      stop?.()
      at += calls
    }
  }

  /**
   * Returns one row per call, from one row per key where a count is enough and one by one for the other keys. All take effect or
   * none, with one time.
   */
  #runTally(calls: Run, batch: BatchSql, { sql, column }: TallySql, tally: Tally): readonly Row[] {
    const { statement } = calls[0]
    return this.#together(() => {
      const time = boundParameters(NO_PARAMETERS, statement.clocked, this.#clock)
      const stop = this.#slow.start(statement.name, calls.length)
      const shared = sharedParameters(batch, calls)
      const rows = tally.rows(this.#prepare(sql).all([tally.json, ...shared, ...time]), column)
      const left = calls.filter((_, at) => rows[at] === undefined)
      const others =
        left.length === 0 ? NO_ROWS : this.#prepare(batch.sql).all([...batchParameters(batch, left), ...time])
      stop?.()
      let next = 0
      return rows.map((row) => row ?? (others[next++] as Row))
    })
  }

  /** Runs `body` in the open transaction, or in a new one. */
  #together<Result>(body: () => Result): Result {
    return this.#transacting ? body() : this.transact(body)
  }

  /** @throws PersistenceError when a write now would be lost. */
  #checkGuard(): void {
    if (this.#guard.needsCheck()) this.#guard.check(this.query(this.#guard.checkSql, []))
  }

  #rollBack(): void {
    try {
      this.#control(this.#transaction.rollback)
    } catch {
      // The engine has rolled back by itself after some errors and then refuses this. In both cases no transaction stays open.
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
const NO_ROWS: readonly Row[] = []
