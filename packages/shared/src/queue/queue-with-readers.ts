import type { SubmittedCall } from './call.js'
import { DelegatingQueue } from './delegating-queue.js'
import type { OperationQueue } from './operation-queue.js'
import type { Decode, Parameters, RowCount, Statement } from './statement.js'

/**
 * A queue beside which connections that only read have queues of their own, for the statements that look at many rows:
 * the calls of the first one do not wait for them.
 *
 * Such a call sees what was written before it was made: it is sent when all that was called before it has settled. What
 * is called after it may settle before it, and the call may see that too.
 */
export class QueueWithReaders extends DelegatingQueue {
  readonly #readers: readonly OperationQueue[]
  readonly #ping: string
  /** Calls that wait to be sent to a reader. */
  readonly #before = new Set<Promise<unknown>>()

  /** @param ping The shortest statement there is. */
  constructor(queue: OperationQueue, readers: readonly OperationQueue[], ping: string) {
    super(queue)
    this.#readers = readers
    this.#ping = ping
  }

  override get waiting(): number {
    return this.#all().reduce((sum, { waiting }) => sum + waiting, this.#before.size)
  }

  override get idle(): boolean {
    return this.#before.size === 0 && this.#all().every(({ idle }) => idle)
  }

  execute<Rows extends RowCount, Result>(
    statement: Statement<Rows>,
    parameters: Parameters,
    decode: Decode<Rows, Result>,
  ): Result | Promise<Result> {
    if (statement.scans !== true) return this.queue.execute(statement, parameters, decode)
    if (this.queue.idle) return this.#reader().execute(statement, parameters, decode)
    return this.#settled().then(() => this.#reader().execute(statement, parameters, decode))
  }

  override submit(call: SubmittedCall): void {
    if (call.statement.scans !== true) this.queue.submit(call)
    else if (this.queue.idle) this.#reader().submit(call)
    else void this.#settled().then(() => this.#reader().submit(call))
  }

  override async drain(): Promise<void> {
    while (!this.idle) await Promise.all([...this.#all().map((queue) => queue.drain()), ...this.#before])
  }

  override async close(keepHandle: boolean): Promise<void> {
    // The readers first: the last connection to a file moves its log into it.
    await Promise.all(this.#readers.map((reader) => reader.close(keepHandle)))
    await this.queue.close(keepHandle)
  }

  /** Settles when all that was called before has settled. Never rejects. */
  async #settled(): Promise<void> {
    // It fails where what was called before it has failed.
    const settled = this.queue.query('connect', this.#ping).catch(() => undefined)
    this.#before.add(settled)
    await settled
    this.#before.delete(settled)
  }

  #reader(): OperationQueue {
    return this.#readers.reduce((best, next) => (load(next) < load(best) ? next : best))
  }

  #all(): readonly OperationQueue[] {
    return [this.queue, ...this.#readers]
  }
}

function load({ waiting, idle }: OperationQueue): number {
  return waiting + (idle ? 0 : 1)
}
