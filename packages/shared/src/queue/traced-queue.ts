import type { Row } from '../driver/driver.js'
import { callsAreTraced, type TracedCall, traced } from '../tracing/traced-call.js'
import type { TracedDatabase } from '../tracing/traced-database.js'
import type { SubmittedCall } from './call.js'
import type { OperationQueue } from './operation-queue.js'
import type { Decode, Parameters, RowCount, Statement, Step } from './statement.js'

/**
 * A queue whose calls are published while somebody hears of them. Not what is submitted for another thread or process,
 * which publishes it there, and not the queries of set-up.
 */
export class TracedQueue implements OperationQueue {
  readonly #queue: OperationQueue
  readonly #database: TracedDatabase

  constructor(queue: OperationQueue, database: TracedDatabase) {
    this.#queue = queue
    this.#database = database
  }

  get groupWrites(): boolean {
    return this.#queue.groupWrites
  }

  set groupWrites(share: boolean) {
    this.#queue.groupWrites = share
  }

  get readOnly(): boolean {
    return this.#queue.readOnly
  }

  set readOnly(only: boolean) {
    this.#queue.readOnly = only
  }

  get waiting(): number {
    return this.#queue.waiting
  }

  get idle(): boolean {
    return this.#queue.idle
  }

  execute<Rows extends RowCount, Result>(
    statement: Statement<Rows>,
    parameters: Parameters,
    decode: Decode<Rows, Result>,
  ): Result | Promise<Result> {
    return callsAreTraced()
      ? this.#traced(statement, parameters, decode)
      : this.#queue.execute(statement, parameters, decode)
  }

  submit(call: SubmittedCall): void {
    this.#queue.submit(call)
  }

  atomic(name: string, steps: readonly Step[]): Promise<Row[][]> {
    const run = (): Promise<Row[][]> => this.#queue.atomic(name, steps)
    if (!callsAreTraced()) return run()
    return traced({ operation: name, kind: 'write', database: this.#database, background: false }, run) as Promise<
      Row[][]
    >
  }

  query(name: string, sql: string, parameters?: Parameters): Promise<Row[]> {
    return this.#queue.query(name, sql, parameters)
  }

  drain(): Promise<void> {
    return this.#queue.drain()
  }

  close(keepHandle: boolean): Promise<void> {
    return this.#queue.close(keepHandle)
  }

  #traced<Rows extends RowCount, Result>(
    statement: Statement<Rows>,
    parameters: Parameters,
    decode: Decode<Rows, Result>,
  ): Result | Promise<Result> {
    const { name, kind, background = false } = statement
    const call: TracedCall = { operation: name, kind, database: this.#database, background }
    const counted: Decode<Rows, Result> = (given, of, calls) => {
      if (calls !== undefined) call.calls = calls
      return decode(given, of, calls)
    }
    return traced(call, () => this.#queue.execute(statement, parameters, counted))
  }
}
