import type { Row } from '../driver/driver.js'
import { hasCode } from '../errors/persistence-error.js'
import type { SubmittedCall } from './call.js'
import { DelegatingQueue } from './delegating-queue.js'
import type { CloseOptions, OperationQueue } from './operation-queue.js'
import type { Decode, Parameters, RowCount, Statement } from './statement.js'

/**
 * A queue with additional queues of read-only connections, for the statements that read many rows: the calls of the main queue do
 * not wait for them.
 *
 * Such a call sees what was written before it was made: it is sent when all earlier calls have settled. Later calls may settle
 * before it, and it may see their writes too.
 */
export class QueueWithReaders extends DelegatingQueue {
  readonly #readers: readonly OperationQueue[]
  readonly #ping: string

  /** @param ping The shortest possible statement. */
  constructor(queue: OperationQueue, readers: readonly OperationQueue[], ping: string) {
    super(queue)
    this.#readers = readers
    this.#ping = ping
  }

  override get waiting(): number {
    // The main queue counts a call that waits to be sent to a reader: its ping waits there.
    return this.#all().reduce((sum, { waiting }) => sum + waiting, 0)
  }

  override get idle(): boolean {
    return this.#all().every(({ idle }) => idle)
  }

  execute<Rows extends RowCount, Result>(
    statement: Statement<Rows>,
    parameters: Parameters,
    decode: Decode<Rows, Result>,
  ): Result | Promise<Result> {
    if (statement.scans !== true) return this.queue.execute(statement, parameters, decode)
    const run = (): Result | Promise<Result> => this.#reader().execute(statement, parameters, decode)
    return this.queue.idle ? run() : this.#settled(statement).then(run)
  }

  override submit(call: SubmittedCall): void {
    const { statement } = call
    const run = (): void => this.#reader().submit(call)
    if (statement.scans !== true) this.queue.submit(call)
    else if (this.queue.idle) run()
    else this.#settled(statement).then(run, (error: unknown) => call.reject(error))
  }

  override async query(name: string, sql: string, parameters?: Parameters): Promise<Row[]> {
    try {
      return await this.queue.query(name, sql, parameters)
    } finally {
      // A ping ends after all earlier calls, so also after those of the readers.
      const busy = sql === this.#ping ? this.#readers.filter(({ idle }) => !idle) : []
      await Promise.allSettled(busy.map((reader) => reader.query(name, sql)))
    }
  }

  override async drain(): Promise<void> {
    while (!this.idle) await Promise.all(this.#all().map((queue) => queue.drain()))
  }

  override async close(options?: CloseOptions): Promise<void> {
    // The readers first, because the last connection to a file checkpoints its WAL.
    await Promise.all(this.#readers.map((reader) => reader.close(options)))
    await this.queue.close(options)
  }

  /** Settles when all calls before the named one have settled. @throws PersistenceError `QUEUE_FULL`. */
  async #settled({ name }: Statement): Promise<void> {
    try {
      await this.queue.query(name, this.#ping)
    } catch (error) {
      // A ping that is refused has waited for nothing. One that fails, as it does after a call that failed, has waited.
      if (hasCode(error, 'QUEUE_FULL')) throw error
    }
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
