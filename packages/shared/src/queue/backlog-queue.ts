import type { Row } from '../driver/driver.js'
import { failureOf } from '../errors/failure-of.js'
import { type Classify, PersistenceError } from '../errors/persistence-error.js'
import { inMicrotask, inNextTurn } from '../time/clock.js'
import { Backlog } from './backlog.js'
import type { BusyRetry } from './busy-retry.js'
import { mayWrite, type SubmittedCall, type Work } from './call.js'
import type { CloseOptions, OperationQueue } from './operation-queue.js'
import type { QueueContext } from './queue-context.js'
import { keepSettlers, rejectLast, resolveLast } from './settlers.js'
import type { Decode, Parameters, RowCount, Statement, Step } from './statement.js'

// Rejecting about this many takes 5 ms, including the reactions of their callers.
const MAX_GIVEN_UP_IN_TURN = 5_000
/** The deadline of background calls. */
const NEVER_WAITS = Number.NEGATIVE_INFINITY

/** The common base of both queues: calls wait in a backlog, and the subclass is woken to process it. */
export abstract class BacklogQueue implements OperationQueue {
  readonly #busyRetry: BusyRetry
  protected readonly backlog: Backlog
  readonly #classify: Classify
  groupWrites = false
  readOnly = false
  #awake = false
  #deadlineOfMicrotask: number | undefined

  constructor({ busyRetry, diagnostics, dialect }: QueueContext) {
    this.#busyRetry = busyRetry
    this.backlog = new Backlog(diagnostics)
    this.#classify = dialect.classify
  }

  get waiting(): number {
    return this.backlog.calls
  }

  get idle(): boolean {
    return !this.#awake
  }

  /** Queues a call. Returns a promise; only a subclass returns a result synchronously. */
  execute<Rows extends RowCount, Result>(
    statement: Statement<Rows>,
    parameters: Parameters,
    decode: Decode<Rows, Result>,
  ): Result | Promise<Result> {
    const result = new Promise<Result>(keepSettlers)
    this.#push({
      type: 'call',
      name: statement.name,
      statement,
      parameters,
      // The row count is lost here and restored by `settle`, which passes the decoder the answer of its own statement.
      decode: decode as Decode<RowCount, unknown>,
      resolve: resolveLast,
      reject: rejectLast,
      deadline: this.#deadlineOf(statement),
    })
    return result
  }

  abstract close(options?: CloseOptions): Promise<void>

  /** Processes the backlog and then calls {@link sleep}. Not called again before that. */
  protected abstract wake(): void

  submit(call: SubmittedCall): void {
    try {
      call.deadline = this.#deadlineOf(call.statement)
      this.#push(call)
    } catch (error) {
      call.reject(error)
    }
  }

  atomic(name: string, steps: readonly Step[]): Promise<Row[][]> {
    return new Promise((resolve, reject) => {
      this.#push({ type: 'atomic', name, steps, resolve, reject, deadline: this.#deadline() })
    })
  }

  query(name: string, sql: string, parameters: Parameters = []): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      this.#push({ type: 'query', name, sql, parameters, resolve, reject, deadline: this.#deadline() })
    })
  }

  drain(): Promise<void> {
    if (!this.#awake) return Promise.resolve()
    return new Promise((resolve) => this.backlog.onIdle(resolve))
  }

  /** Converts an error of the driver or the guard to a typed error of the named call. */
  protected failure(error: unknown, { name }: { readonly name: string }): PersistenceError {
    return failureOf(this.#classify(error, name), name)
  }

  /**
   * Waits for another writer, or for a connection. Rejects calls past their deadline, puts the rest of `tried` back at the head of
   * the backlog, and calls `retry` after a pause, or immediately when nothing is left.
   *
   * @param tried The work, taken from the backlog, that failed with `reason`.
   * @param attempt The number of consecutive such failures before this one.
   */
  protected retryLater(tried: readonly Work[], reason: PersistenceError, attempt: number, retry: () => void): void {
    this.backlog.putBack(this.#busyRetry.rejectOverdue(tried, reason))
    const overdue = this.backlog.take(this.#busyRetry.overdue(this.backlog, MAX_GIVEN_UP_IN_TURN))
    this.#busyRetry.rejectOverdue(overdue, reason)
    const waiting = this.backlog.peek()
    if (this.#busyRetry.overdue(this.backlog, 1) > 0) inNextTurn(() => this.retryLater([], reason, attempt, retry))
    else if (waiting === undefined) retry()
    else this.#busyRetry.pause(waiting, attempt, retry)
  }

  protected sleep(): void {
    this.#awake = false
    this.backlog.signalIdle()
  }

  #push(work: Work): void {
    // Checked here, because the engine does not know whether the app requested it or file permissions forbid it.
    if (this.readOnly && mayWrite(work)) {
      work.reject(openedReadOnly(work.name))
      return
    }
    try {
      this.backlog.push(work)
    } catch (error) {
      work.reject(error)
      return
    }
    if (this.#awake) return
    this.#awake = true
    // Delayed by one microtask, so that callers of the same turn, and those that continue after the same batch, are batched
    // together.
    if (work.deadline !== NEVER_WAITS) this.#deadlineOfMicrotask = work.deadline
    inMicrotask(() => {
      this.#deadlineOfMicrotask = undefined
      this.wake()
    })
  }

  #deadlineOf({ background }: Statement): number {
    return background === true ? NEVER_WAITS : this.#deadline()
  }

  /** Calls made before the queue wakes up share one deadline, because reading the clock costs as much as queueing a call. */
  #deadline(): number {
    return this.#deadlineOfMicrotask ?? this.#busyRetry.deadline()
  }
}

/** Creates the error of a write through an adapter that was opened with `readOnly: true`. */
function openedReadOnly(operation: string): PersistenceError {
  return new PersistenceError(
    'READ_ONLY',
    operation,
    `${operation}: the adapter only reads (readOnly: true, immutable: true, or a standby); to write, open the file without that option, or let the standby take over`,
  )
}
