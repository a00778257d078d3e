import type { Row } from '../driver/driver.js'
import { type Classify, failureOf, PersistenceError } from '../errors/persistence-error.js'
import { inMicrotask, inNextTurn } from '../time/clock.js'
import { Backlog } from './backlog.js'
import type { BusyRetry } from './busy-retry.js'
import { mayWrite, newCall, type SubmittedCall, type Work } from './call.js'
import type { OperationQueue } from './operation-queue.js'
import type { QueueContext } from './queue-context.js'
import { keepSettlers, rejectLast, resolveLast } from './settlers.js'
import type { Decode, Parameters, RowCount, Statement, Step } from './statement.js'

// About as many as take 5 ms, with what their callers do next.
const MAX_GIVEN_UP_IN_TURN = 5_000
/** The deadline of a call that no caller awaits. */
const NEVER_WAITS = Number.NEGATIVE_INFINITY

/** What both queues share: calls wait in a backlog, and somebody is woken to work it off. */
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

  abstract execute<Rows extends RowCount, Result>(
    statement: Statement<Rows>,
    parameters: Parameters,
    decode: Decode<Rows, Result>,
  ): Result | Promise<Result>

  abstract close(keepHandle: boolean): Promise<void>

  /** Works the backlog off and then calls {@link sleep}. Called once until then. */
  protected abstract wake(): void

  submit(call: SubmittedCall): void {
    try {
      call.deadline = call.statement.background ? NEVER_WAITS : this.#deadline()
      this.#submit(call)
    } catch (error) {
      call.reject(error)
    }
  }

  atomic(name: string, steps: readonly Step[]): Promise<Row[][]> {
    return new Promise((resolve, reject) => {
      this.#submit({ type: 'atomic', name, steps, resolve, reject, deadline: this.#deadline() })
    })
  }

  query(name: string, sql: string, parameters: Parameters = []): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      this.#submit({ type: 'query', name, sql, parameters, resolve, reject, deadline: this.#deadline() })
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
    const result = new Promise<Result>(keepSettlers)
    const deadline = statement.background ? NEVER_WAITS : this.#deadline()
    this.#submit(newCall(statement, parameters, decode, resolveLast, rejectLast, deadline))
    return result
  }

  /** The typed form of what a driver or the guard threw, as an error of the call with that name. */
  protected failure(error: unknown, { name }: { readonly name: string }): PersistenceError {
    return failureOf(this.#classify(error, name), name)
  }

  /**
   * Waits for another writer. What has waited long enough is rejected. The rest of `tried` goes back to the head of the
   * backlog, and `retry` is called after a pause; at once when nothing is left.
   *
   * @param tried What found the database busy, taken from the backlog.
   * @param attempt How many tries in a row found it busy before this one.
   */
  protected waitForWriter(tried: readonly Work[], busy: PersistenceError, attempt: number, retry: () => void): void {
    this.backlog.putBack(this.#busyRetry.rejectOverdue(tried, busy))
    const overdue = this.backlog.take(this.#busyRetry.overdue(this.backlog, MAX_GIVEN_UP_IN_TURN))
    this.#busyRetry.rejectOverdue(overdue, busy)
    const waiting = this.backlog.peek()
    if (this.#busyRetry.overdue(this.backlog, 1) > 0) inNextTurn(() => this.waitForWriter([], busy, attempt, retry))
    else if (waiting === undefined) retry()
    else this.#busyRetry.pause(waiting, attempt, retry)
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
    try {
      this.backlog.push(work)
    } catch (error) {
      work.reject(error)
      return
    }
    if (this.#awake) return
    this.#awake = true
    // One microtask later: callers of the same turn, and those who continue after the same batch, find each other.
    if (work.deadline !== NEVER_WAITS) this.#deadlineOfMicrotask = work.deadline
    inMicrotask(() => {
      this.#deadlineOfMicrotask = undefined
      this.wake()
    })
  }

  /** Calls that are made before the queue wakes up share one: a look at the clock costs as much as queueing a call. */
  #deadline(): number {
    return this.#deadlineOfMicrotask ?? this.#busyRetry.deadline()
  }
}

/** The error of a write through an adapter that was opened with `readOnly: true`. */
function openedReadOnly(operation: string): PersistenceError {
  return new PersistenceError(
    'READ_ONLY',
    operation,
    `${operation}: the adapter only reads (readOnly: true or immutable: true); open the file without it to write`,
  )
}
