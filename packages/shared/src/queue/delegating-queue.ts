import type { Row } from '../driver/driver.js'
import type { SubmittedCall } from './call.js'
import type { CloseOptions, OperationQueue } from './operation-queue.js'
import type { Decode, Parameters, RowCount, Statement, Step } from './statement.js'

/** A queue that delegates to another queue everything that its subclass does not override. */
export abstract class DelegatingQueue implements OperationQueue {
  protected readonly queue: OperationQueue

  constructor(queue: OperationQueue) {
    this.queue = queue
  }

  get groupWrites(): boolean {
    return this.queue.groupWrites
  }

  set groupWrites(share: boolean) {
    this.queue.groupWrites = share
  }

  get readOnly(): boolean {
    return this.queue.readOnly
  }

  set readOnly(only: boolean) {
    this.queue.readOnly = only
  }

  get waiting(): number {
    return this.queue.waiting
  }

  get idle(): boolean {
    return this.queue.idle
  }

  abstract execute<Rows extends RowCount, Result>(
    statement: Statement<Rows>,
    parameters: Parameters,
    decode: Decode<Rows, Result>,
  ): Result | Promise<Result>

  submit(call: SubmittedCall): void {
    this.queue.submit(call)
  }

  atomic(name: string, steps: readonly Step[]): Promise<Row[][]> {
    return this.queue.atomic(name, steps)
  }

  query(name: string, sql: string, parameters?: Parameters): Promise<Row[]> {
    return this.queue.query(name, sql, parameters)
  }

  drain(): Promise<void> {
    return this.queue.drain()
  }

  close(options?: CloseOptions): Promise<void> {
    return this.queue.close(options)
  }
}
