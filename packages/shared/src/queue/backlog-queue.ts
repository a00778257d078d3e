import type { Row } from '../driver/driver.js'
import { type Classify, PersistenceError } from '../errors/persistence-error.js'
import { Backlog } from './backlog.js'
import type { BusyRetry } from './busy-retry.js'
import { mayWrite, newCall, type Work } from './call.js'
import type { OperationQueue } from './operation-queue.js'
import type { QueueContext } from './queue-context.js'
import type { Decode, Parameters, RowCount, Statement, Step } from './statement.js'

// About as many as take 5 ms, with what their callers do next.
const MAX_GIVEN_UP_IN_TURN = 5_000

/** What both queues share: calls wait in a backlog, and somebody is woken to work it off. */
export abstract class BacklogQueue implements OperationQueue {
  protected readonly busyRetry: BusyRetry
  protected readonly backlog: Backlog
  readonly #classify: Classify
  groupWrites = false
  readOnly = false
  #awake = false

  constructor({ busyRetry, diagnostics, dialect }: QueueContext) {
    this.busyRetry = busyRetry
    this.backlog = new Backlog(diagnostics)
    this.#classify = dialect.classify
  }

  get waiting(): number {
    return this.backlog.length
  }

  get idle(): boolean {
    return !this.#awake
  }

  abstract execute<Rows extends RowCount, Result>(
    statement: Statement<Rows>,
    parameters: Parameters,
    decode: Decode<Rows, Result>,
  ): Result | Promise<Result>

  abstract close(keepHandle: boolean): Promise<void>

  /** Works the backlog off and then calls {@link sleep}. Called once until then. */
  protected abstract wake(): void

  atomic(name: string, steps: readonly Step[]): Promise<Row[][]> {
    return new Promise((resolve, reject) => {
      this.#submit({ type: 'atomic', name, steps, resolve, reject, deadline: this.busyRetry.deadline(false) })
    })
  }

  query(name: string, sql: string, parameters: Parameters = []): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      this.#submit({ type: 'query', name, sql, parameters, resolve, reject, deadline: this.busyRetry.deadline(false) })
    })
  }

  drain(): Promise<void> {
    if (!this.#awake) return Promise.resolve()
    return new Promise((resolve) => this.backlog.onIdle(resolve))
  }

  protected enqueue<Rows extends RowCount, Result>(
    statement: Statement<Rows>,
    parameters: Parameters,
    decode: Decode<Rows, Result>,
  ): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#submit(
        newCall(statement, parameters, decode, resolve, reject, this.busyRetry.deadline(statement.background === true)),
      )
    })
  }

  /** The typed form of a driver's error. */
  protected failure(error: unknown, { name }: { readonly name: string }): PersistenceError {
    return this.#classify(error, name)
  }

  /** Rejects all in the backlog that has waited long enough, so many a turn of the event loop, and then calls `next`. */
  protected giveUp(busy: PersistenceError, next: () => void): void {
    const count = this.busyRetry.overdue(this.backlog, MAX_GIVEN_UP_IN_TURN)
    this.busyRetry.remaining(this.backlog.take(count), busy)
    if (count < MAX_GIVEN_UP_IN_TURN) next()
    else setImmediate(() => this.giveUp(busy, next))
  }

  protected sleep(): void {
    this.#awake = false
    this.backlog.signalIdle()
  }

  #submit(work: Work): void {
    // Here and not by the engine, which does not know whether the app asked for it or permissions forbid it.
    if (this.readOnly && mayWrite(work)) {
      work.reject(openedReadOnly(work.name))
      return
    }
    this.backlog.push(work)
    if (this.#awake) return
    this.#awake = true
    // One microtask later: callers of the same turn, and those who continue after the same batch, find each other.
    queueMicrotask(() => this.wake())
  }
}

/** The error of a write through an adapter that was opened with `readOnly: true`. */
function openedReadOnly(operation: string): PersistenceError {
  return new PersistenceError(
    'READ_ONLY',
    operation,
    `${operation}: the adapter was opened with readOnly: true; open the file without it to write`,
  )
}
