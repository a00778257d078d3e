import type { PersistenceError } from '../errors/persistence-error.js'
import type { Clock } from '../time/clock.js'
import { Backlog } from './backlog.js'
import { batchParameters, distribute, fitsBatch } from './batch-rows.js'
import type { Diagnostics } from './diagnostics.js'
import type { AsyncDriver, AsyncStatement, Row, SqlValue } from './driver.js'
import type { OperationQueue } from './operation-queue.js'
import { failure, type Patience } from './patience.js'
import { SlowStatements } from './slow-statements.js'
import type { Decode, Parameters, RowCount, Statement, Step } from './statement.js'
import { stepChecked } from './transaction.js'
import { type Atomic, type Call, settle, type Work } from './work.js'

const MAX_BATCH_CALLS = 1_000
const MAX_BATCH_UNITS = 4 * 1024 * 1024

/**
 * The queue of an engine with a thread of its own. One statement is in flight at a time: two would share the engine's
 * transaction state, and waiting ones would hold the threads that everything else in the process needs.
 *
 * Waiting calls of one statement that follow one another are sent as one statement over `json_each`. A batch that fails
 * is undone by SQLite as a whole and its calls run singly, so that each gets its own error.
 */
export class AsyncQueue implements OperationQueue {
  readonly #driver: AsyncDriver
  readonly #clock: Clock
  readonly #patience: Patience
  readonly #backlog: Backlog
  readonly #slow: SlowStatements
  readonly #prepared = new Map<string, AsyncStatement>()
  #running = false

  constructor(driver: AsyncDriver, clock: Clock, patience: Patience, diagnostics: Diagnostics) {
    this.#driver = driver
    this.#clock = clock
    this.#patience = patience
    this.#backlog = new Backlog(diagnostics)
    this.#slow = new SlowStatements(clock, diagnostics)
  }

  get waiting(): number {
    return this.#backlog.length
  }

  execute<Rows extends RowCount, Result>(
    statement: Statement<Rows>,
    parameters: Parameters,
    decode: Decode<Rows, Result>,
  ): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      const deadline = this.#patience.deadline()
      this.#submit({
        type: 'call',
        name: statement.name,
        statement,
        parameters,
        decode: decode as Decode<RowCount, unknown>,
        resolve: resolve as (result: unknown) => void,
        reject,
        deadline,
      })
    })
  }

  atomic(name: string, steps: readonly Step[]): Promise<Row[][]> {
    return new Promise((resolve, reject) => {
      this.#submit({ type: 'atomic', name, steps, resolve, reject, deadline: this.#patience.deadline() })
    })
  }

  query(name: string, sql: string, parameters: Parameters = []): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      this.#submit({ type: 'query', name, sql, parameters, resolve, reject, deadline: this.#patience.deadline() })
    })
  }

  drain(): Promise<void> {
    return this.#running ? new Promise((resolve) => this.#backlog.onIdle(resolve)) : Promise.resolve()
  }

  async close(keepHandle: boolean): Promise<void> {
    const statements = [...this.#prepared.values()]
    this.#prepared.clear()
    for (const statement of statements) await statement.finalize()
    if (!keepHandle) await this.#driver.close()
  }

  #submit(work: Work): void {
    this.#backlog.push(work)
    if (this.#running) return
    this.#running = true
    // One microtask later, so that callers who continue after the same batch find each other in the next one.
    queueMicrotask(() => void this.#pump())
  }

  async #pump(): Promise<void> {
    for (let work = this.#backlog.peek(); work !== undefined; work = this.#backlog.peek()) {
      if (work.type === 'call') await this.#send(this.#takeCalls(work))
      else await this.#sendAlone(this.#backlog.take(1)[0] as Exclude<Work, Call>)
    }
    this.#running = false
    this.#backlog.signalIdle()
  }

  /** The longest run at the head that one statement can serve. */
  #takeCalls(first: Call): Call[] {
    let count = 1
    if (first.statement.batch !== undefined) {
      let units = size(first.parameters)
      while (count < MAX_BATCH_CALLS) {
        const next = this.#backlog.peek(count)
        if (next?.type !== 'call' || !fitsBatch(first, next)) break
        units += size(next.parameters)
        if (units > MAX_BATCH_UNITS) break
        count++
      }
    }
    return this.#backlog.take(count) as Call[]
  }

  async #send(calls: Call[]): Promise<void> {
    let remaining = calls
    for (let attempt = 0; remaining.length > 0; attempt++) {
      const [first] = remaining as [Call]
      try {
        return remaining.length === 1 ? settle(first, await this.#sendOne(first)) : await this.#sendBatch(remaining)
      } catch (error) {
        const reason = failure(error, first)
        if (reason.code === 'BUSY') {
          remaining = await this.#wait(remaining, attempt, reason)
        } else if (remaining.length === 1) {
          return first.reject(reason)
        } else {
          for (const call of remaining) await this.#send([call])
          return
        }
      }
    }
  }

  async #sendOne({ statement, parameters }: Call): Promise<Row | readonly Row[] | undefined> {
    const rows = await this.#all(statement, statement.sql, parameters, 1)
    return statement.rows === 'many' ? rows : rows[0]
  }

  async #sendBatch(calls: readonly Call[]): Promise<void> {
    const { statement } = calls[0] as Call
    const batch = statement.batch as NonNullable<Statement['batch']>
    const rows = await this.#all(statement, batch.sql, batchParameters(batch, calls), calls.length)
    distribute(batch, calls, rows)
  }

  async #all(statement: Statement, sql: string, parameters: Parameters, calls: number): Promise<Row[]> {
    let prepared = this.#prepared.get(sql)
    if (prepared === undefined) {
      prepared = await this.#driver.prepare(sql)
      this.#prepared.set(sql, prepared)
    }
    const bound: readonly SqlValue[] = statement.clocked ? [...parameters, this.#clock.now()] : parameters
    const stop = this.#slow.start(statement.name, calls)
    const rows = await prepared.all(bound)
    stop?.()
    return rows
  }

  async #sendAlone(work: Exclude<Work, Call>): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        if (work.type === 'query') return work.resolve(await this.#driver.query(work.sql, work.parameters))
        return work.resolve(await this.#transact(work))
      } catch (error) {
        const reason = failure(error, work)
        if (reason.code !== 'BUSY') return work.reject(reason)
        if ((await this.#wait([work], attempt, reason)).length === 0) return
      }
    }
  }

  async #transact(work: Atomic): Promise<Row[][]> {
    // Outside the try: a BEGIN that failed must not roll back a transaction the app itself has open on its handle.
    await this.#driver.query('BEGIN IMMEDIATE', [])
    try {
      const results: Row[][] = []
      for (const step of work.steps) {
        results.push(stepChecked(step, await this.#driver.query(step.sql, step.parameters), work.name))
      }
      await this.#driver.query('COMMIT', [])
      return results
    } catch (error) {
      // SQLite has rolled back by itself after some errors and then refuses this; either way nothing stays open.
      await this.#driver.query('ROLLBACK', []).catch(() => undefined)
      throw error
    }
  }

  async #wait<Waiting extends Work>(
    works: readonly Waiting[],
    attempt: number,
    busy: PersistenceError,
  ): Promise<Waiting[]> {
    const remaining = this.#patience.remaining(works, busy)
    const first = remaining[0]
    if (first !== undefined) await new Promise<void>((resolve) => this.#patience.pause(first, attempt, resolve))
    return remaining
  }
}

function size(parameters: Parameters): number {
  let units = 0
  for (const parameter of parameters) units += typeof parameter === 'string' ? parameter.length : 8
  return units
}
