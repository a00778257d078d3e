import type { SyncDriver } from '../driver/driver.js'
import type { PersistenceError } from '../errors/persistence-error.js'
import type { Turn } from '../time/turn.js'
import { BacklogQueue } from './backlog-queue.js'
import { type Call, settle, type Work } from './call.js'
import type { QueueContext } from './queue-context.js'
import type { Decode, Parameters, RowCount, Statement } from './statement.js'
import { type Answer, SyncRunner } from './sync-runner.js'
import { MAX_CALLS, MAX_UNITS, unitsOf } from './take-batches.js'

/**
 * The queue of an engine that answers within the call. A call that finds nothing waiting runs at once. On a file, where
 * a commit costs a flush of the disk, writes wait for the end of the turn and share one transaction; a read made after
 * them waits with them, so that it sees them. Once calls have held the event loop for long, all calls wait for its next turn.
 *
 * A group that fails is rolled back and its calls run singly, so that each gets its own error and its own commit.
 */
export class SyncQueue extends BacklogQueue {
  readonly #runner: SyncRunner
  readonly #turn: Turn
  #flushing = false

  constructor(driver: SyncDriver, context: QueueContext) {
    super(context)
    this.#turn = context.clock.turn
    this.#runner = new SyncRunner(driver, context)
  }

  execute<Rows extends RowCount, Result>(
    statement: Statement<Rows>,
    parameters: Parameters,
    decode: Decode<Rows, Result>,
  ): Result | Promise<Result> {
    const behind = this.backlog.length > 0 || this.#flushing || (this.groupWrites && statement.kind === 'write')
    if (behind || (statement.rows === 'many' ? this.#turn.isLong() : this.#turn.seemsLong())) {
      return this.enqueue(statement, parameters, decode)
    }
    let answer: Answer
    try {
      answer = this.#runner.run(statement, parameters)
    } catch (error) {
      const reason = this.failure(error, statement)
      if (reason.code === 'BUSY') return this.enqueue(statement, parameters, decode)
      throw reason
    }
    return decode(answer as never, parameters)
  }

  async close(keepHandle: boolean): Promise<void> {
    this.#runner.finalize()
    if (!keepHandle) this.#runner.close()
  }

  protected wake(): void {
    if (this.#turn.isLong()) setImmediate(() => this.#flush(0))
    else this.#flush(0)
  }

  /** Runs what waits. Ends early, with a timer set to come back, when another connection holds the database. */
  #flush(attempt: number): void {
    this.#flushing = true
    const head = this.#headGroup()
    const busy = this.#run(head)
    this.#flushing = false
    if (busy !== undefined) {
      this.giveUp(busy, () => this.#comeBack(attempt))
    } else if (this.backlog.length === 0) {
      this.sleep()
    } else if (head.length >= MAX_CALLS || this.#turn.isLong()) {
      setImmediate(() => this.#flush(0))
    } else {
      queueMicrotask(() => this.#flush(0))
    }
  }

  #comeBack(attempt: number): void {
    const waiting = this.backlog.peek()
    if (waiting === undefined) this.sleep()
    else this.busyRetry.pause(waiting, attempt, () => this.#flush(attempt + 1))
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

  /** @returns why the database cannot be used now, if it is busy. What has not settled waits in the backlog. */
  #run(head: readonly Work[]): PersistenceError | undefined {
    // Reads alone need no transaction, and so do not wait for another writer.
    const together = head.length > 1 && head.some((work) => work.type === 'call' && work.statement.kind === 'write')
    return together ? this.#runGroup(head as Call[]) : this.#runOneByOne(head)
  }

  /** In one transaction, which ends early when it has held the event loop for long. @returns as {@link #run}. */
  #runGroup(calls: readonly Call[]): PersistenceError | undefined {
    let answers: Answer[]
    try {
      answers = this.#runner.transact(() => {
        const given: Answer[] = []
        for (const call of calls) {
          given.push(this.#runner.run(call.statement, call.parameters))
          if (this.#turn.seemsLong()) break
        }
        return given
      })
    } catch (error) {
      const reason = this.failure(error, calls[0] as Call)
      return reason.code === 'BUSY' ? reason : this.#runOneByOne(calls)
    }
    for (const [at, call] of (this.backlog.take(answers.length) as Call[]).entries()) settle(call, answers[at])
    return undefined
  }

  /** Until they have held the event loop for long. @returns as {@link #run}. */
  #runOneByOne(works: readonly Work[]): PersistenceError | undefined {
    for (const work of works) {
      try {
        this.#settleAlone(work)
      } catch (error) {
        const reason = this.failure(error, work)
        if (reason.code === 'BUSY') return reason
        this.backlog.take(1)
        work.reject(reason)
      }
      if (this.#turn.seemsLong()) break
    }
    return undefined
  }

  #settleAlone(work: Work): void {
    if (work.type === 'call') {
      const answer = this.#runner.run(work.statement, work.parameters)
      this.backlog.take(1)
      settle(work, answer)
    } else if (work.type === 'query') {
      const rows = this.#runner.query(work.sql, work.parameters)
      this.backlog.take(1)
      work.resolve(rows)
    } else {
      const rows = this.#runner.steps(work.steps, work.name)
      this.backlog.take(1)
      work.resolve(rows)
    }
  }
}
