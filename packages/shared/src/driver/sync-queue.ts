import { classify } from '../errors/classify.js'
import type { PersistenceError } from '../errors/persistence-error.js'
import type { LogWatch } from '../file/log-watch.js'
import type { ConnectionClock } from '../time/connection-clock.js'
import { BacklogQueue } from './backlog-queue.js'
import type { Diagnostics } from './diagnostics.js'
import type { SyncDriver } from './driver.js'
import { failure, type Patience } from './patience.js'
import { MAX_CALLS, MAX_UNITS, unitsOf } from './runs.js'
import type { Decode, Parameters, RowCount, Statement } from './statement.js'
import { type Answer, SyncEngine } from './sync-engine.js'
import { type Call, settle, type Work } from './work.js'

// A caller that awaits each write goes on within the same turn: without a pause no timer would fire, and no lease be
// renewed, until it has made its last.
const LONGEST_TURN_MS = 10

/**
 * The queue of an engine that answers within the call. A call that finds nothing waiting runs at once. On a file, where
 * a commit costs a flush of the disk, writes wait for the end of the turn and share one transaction; a read made after
 * them waits with them, so that it sees them.
 *
 * A group that fails is rolled back and its calls run singly, so that each gets its own error and its own commit.
 */
export class SyncQueue extends BacklogQueue {
  readonly #engine: SyncEngine
  readonly #clock: ConnectionClock
  #flushing = false
  /** Monotonic ms at which this turn of the event loop began to write. */
  #turnBegan: number | undefined

  constructor(driver: SyncDriver, clock: ConnectionClock, patience: Patience, diagnostics: Diagnostics, log: LogWatch) {
    super(patience, diagnostics)
    this.#clock = clock
    this.#engine = new SyncEngine(driver, clock, diagnostics, log)
  }

  execute<Rows extends RowCount, Result>(
    statement: Statement<Rows>,
    parameters: Parameters,
    decode: Decode<Rows, Result>,
  ): Result | Promise<Result> {
    if (this.backlog.length > 0 || this.#flushing || (this.groupWrites && statement.kind === 'write')) {
      return this.enqueue(statement, parameters, decode)
    }
    let answer: Answer
    try {
      answer = this.#engine.run(statement, parameters)
    } catch (error) {
      const reason = classify(error, statement.name)
      if (reason.code === 'BUSY') return this.enqueue(statement, parameters, decode)
      throw reason
    }
    return decode(answer as never, parameters)
  }

  async close(keepHandle: boolean): Promise<void> {
    this.#engine.finalize()
    if (!keepHandle) this.#engine.close()
  }

  protected wake(): void {
    if (this.#turnIsLong()) setImmediate(() => this.#flush(0))
    else this.#flush(0)
  }

  /** Runs what waits. Ends early, with a timer set to come back, when another connection holds the database. */
  #flush(attempt: number): void {
    this.#flushing = true
    const head = this.#headGroup()
    const busy = head.length > 1 ? this.#runGroup(head as Call[]) : this.#runAlone(head[0] as Work)
    this.#flushing = false
    const waiting = this.backlog.peek()
    if (waiting === undefined) {
      this.sleep()
    } else if (busy) {
      this.pause([waiting], attempt, () => this.#flush(attempt + 1))
    } else if (head.length >= MAX_CALLS || this.#turnIsLong()) {
      setImmediate(() => this.#flush(0))
    } else {
      queueMicrotask(() => this.#flush(0))
    }
  }

  /** What goes next: one piece of work, or the calls at the head. It stays in the backlog until it has settled. */
  #headGroup(): Work[] {
    const group: Work[] = []
    let units = 0
    while (group.length < MAX_CALLS) {
      const work = this.backlog.peek(group.length)
      if (work === undefined || (work.type !== 'call' && group.length > 0)) break
      if (work.type === 'call') units += unitsOf(work.parameters)
      if (units > MAX_UNITS && group.length > 0) break
      group.push(work)
      if (work.type !== 'call') break
    }
    return group
  }

  #turnIsLong(): boolean {
    const now = this.#clock.monotonic()
    if (this.#turnBegan === undefined) {
      this.#turnBegan = now
      setImmediate(() => {
        this.#turnBegan = undefined
      })
    }
    return now - this.#turnBegan > LONGEST_TURN_MS
  }

  /** @returns whether the database was busy, and calls still wait. */
  #runGroup(calls: readonly Call[]): boolean {
    let answers: Answer[]
    try {
      answers = this.#engine.transact(() => calls.map((call) => this.#engine.run(call.statement, call.parameters)))
    } catch (error) {
      const reason = failure(error, calls[0] as Call)
      if (reason.code === 'BUSY') return this.#stillWaiting(calls, reason)
      return calls.some((call) => this.#runAlone(call))
    }
    this.backlog.take(calls.length)
    for (const [at, call] of calls.entries()) settle(call, answers[at])
    return false
  }

  /** @returns as {@link #runGroup}. */
  #runAlone(work: Work): boolean {
    try {
      this.#settleAlone(work)
      return false
    } catch (error) {
      const reason = failure(error, work)
      if (reason.code === 'BUSY') return this.#stillWaiting([work], reason)
      this.backlog.take(1)
      work.reject(reason)
      return false
    }
  }

  #settleAlone(work: Work): void {
    if (work.type === 'call') {
      const answer = this.#engine.run(work.statement, work.parameters)
      this.backlog.take(1)
      settle(work, answer)
    } else if (work.type === 'query') {
      const rows = this.#engine.query(work.sql, work.parameters)
      this.backlog.take(1)
      work.resolve(rows)
    } else {
      const rows = this.#engine.steps(work.steps, work.name)
      this.backlog.take(1)
      work.resolve(rows)
    }
  }

  #stillWaiting(works: readonly Work[], busy: PersistenceError): boolean {
    const remaining = this.patience.remaining(works, busy)
    // Deadlines follow the order of the calls, so those that gave up are at the head.
    this.backlog.take(works.length - remaining.length)
    return true
  }
}
