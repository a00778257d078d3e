import type { Row } from '../driver/driver.js'
import { callsAreTraced, type TracedCall, traced } from '../tracing/traced-call.js'
import type { TracedDatabase } from '../tracing/traced-database.js'
import { DelegatingQueue } from './delegating-queue.js'
import type { OperationQueue } from './operation-queue.js'
import type { Decode, Parameters, RowCount, Statement, Step } from './statement.js'

/**
 * A queue that publishes its calls while there is a subscriber. It publishes neither calls submitted for another thread or
 * process, which publishes them itself, nor the queries of set-up.
 */
export class TracedQueue extends DelegatingQueue {
  readonly #database: TracedDatabase

  constructor(queue: OperationQueue, database: TracedDatabase) {
    super(queue)
    this.#database = database
  }

  execute<Rows extends RowCount, Result>(
    statement: Statement<Rows>,
    parameters: Parameters,
    decode: Decode<Rows, Result>,
  ): Result | Promise<Result> {
    return callsAreTraced()
      ? this.#traced(statement, parameters, decode)
      : this.queue.execute(statement, parameters, decode)
  }

  override atomic(name: string, steps: readonly Step[]): Promise<Row[][]> {
    if (!callsAreTraced()) return super.atomic(name, steps)
    const call: TracedCall = { operation: name, kind: 'write', database: this.#database, background: false }
    return traced(call, () => super.atomic(name, steps)) as Promise<Row[][]>
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
    return traced(call, () => this.queue.execute(statement, parameters, counted))
  }
}
