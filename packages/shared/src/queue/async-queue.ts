import type { AsyncDriver, Row } from '../driver/driver.js'
import type { PersistenceError } from '../errors/persistence-error.js'
import { AsyncRunner } from './async-runner.js'
import { BacklogQueue } from './backlog-queue.js'
import { distribute } from './batch.js'
import type { Call, Work } from './call.js'
import type { QueueContext } from './queue-context.js'
import type { Decode, Parameters, RowCount, Statement } from './statement.js'
import { callsAtHead, type Run } from './take-batches.js'

/** Hands out results that are there. */
type Settle = () => void

const settled: Settle = () => undefined
/** There is none: the database stayed busy for as long as the calls wait. */
const gaveUp: Settle = () => undefined

/**
 * The queue of an engine with a thread of its own. One statement is in flight at a time: two would share the engine's
 * transaction state, and waiting ones would hold the threads that everything else in the process needs.
 *
 * Waiting calls of one statement that follow one another are a run and go as one statement over `json_each`. On a file,
 * where a commit costs a flush of the disk, runs that wait together go in one transaction. What fails is undone by SQLite
 * as a whole and tried again in smaller parts, down to single calls, so that each call gets its own error.
 */
export class AsyncQueue extends BacklogQueue {
  readonly #runner: AsyncRunner
  /** What the last try met that found the database busy. */
  #busy: PersistenceError | undefined

  constructor(driver: AsyncDriver, context: QueueContext) {
    super(context)
    this.#runner = new AsyncRunner(driver, context)
  }

  execute<Rows extends RowCount, Result>(
    statement: Statement<Rows>,
    parameters: Parameters,
    decode: Decode<Rows, Result>,
  ): Promise<Result> {
    return this.enqueue(statement, parameters, decode)
  }

  async close(keepHandle: boolean): Promise<void> {
    await this.#runner.finalize()
    if (!keepHandle) await this.#runner.close()
  }

  protected wake(): void {
    void this.#pump()
  }

  /**
   * Sends what comes next before it settles what came back: the engine's thread works while this one decodes. Nothing is
   * sent ahead of a failure, since what failed is tried again first.
   */
  async #pump(): Promise<void> {
    let settle: Settle | undefined
    do {
      const sending = this.#sendNext()
      settle?.()
      settle = await sending
    } while (settle !== undefined || this.backlog.length > 0)
    this.sleep()
  }

  #sendNext(): Promise<Settle> | undefined {
    const work = this.backlog.peek()
    if (work === undefined) return undefined
    if (work.type === 'call') return this.#send(callsAtHead(this.backlog, this.groupWrites))
    this.backlog.take(1)
    return this.#sendAlone(work)
  }

  /** By callbacks: a lone call waits for each promise on its way to the engine and back. */
  #send(runs: readonly Run[], attempt = 0): Promise<Settle> {
    const [only] = runs as [Run]
    const failed = (error: unknown): Promise<Settle> => this.#recover(runs, attempt, error)
    if (runs.length === 1) return this.#runner.run(only).then((rows) => () => distribute(only, rows), failed)
    return this.#runTogether(runs).then(
      (answers) => () => {
        for (const [at, run] of runs.entries()) distribute(run, answers[at] as Row[])
      },
      failed,
    )
  }

  #runTogether(runs: readonly Run[]): Promise<Row[][]> {
    return this.#runner.transact(async () => {
      const answers: Row[][] = []
      for (const run of runs) answers.push(await this.#runner.run(run))
      return answers
    })
  }

  async #recover(runs: readonly Run[], attempt: number, error: unknown): Promise<Settle> {
    const [first] = runs as [Run]
    const reason = this.failure(error, first[0])
    if (reason.code !== 'BUSY') return this.#sendParts(runs, reason)
    const remaining = await this.#wait(runs, attempt, reason)
    return remaining.length > 0 ? this.#send(remaining, attempt + 1) : gaveUp
  }

  async #sendParts(runs: readonly Run[], reason: PersistenceError): Promise<Settle> {
    const [only] = runs as [Run]
    const parts: readonly Run[] = runs.length > 1 ? runs : only.map((call): Run => [call])
    if (parts.length === 1) {
      only[0].reject(reason)
      return settled
    }
    let last = settled
    for (const part of parts) {
      // What has waited for as long as a part that was just given up is not tried: each try takes a while.
      const due = last === gaveUp && this.#busy !== undefined ? this.#remaining([part], this.#busy) : [part]
      if (due.length === 0) continue
      last = await this.#send(due)
      last()
    }
    return last
  }

  async #sendAlone(work: Exclude<Work, Call>): Promise<Settle> {
    for (let attempt = 0; ; attempt++) {
      try {
        if (work.type === 'query') work.resolve(await this.#runner.query(work.sql, work.parameters))
        else work.resolve(await this.#runner.steps(work.steps, work.name))
        return settled
      } catch (error) {
        const reason = this.failure(error, work)
        if (reason.code !== 'BUSY') {
          work.reject(reason)
          return settled
        }
        const waiting = this.busyRetry.remaining([work], reason)
        await this.#waitOut(waiting, attempt, reason)
        if (waiting.length === 0) return settled
      }
    }
  }

  async #wait(runs: readonly Run[], attempt: number, busy: PersistenceError): Promise<Run[]> {
    const remaining = this.#remaining(runs, busy)
    await this.#waitOut(remaining.flat(), attempt, busy)
    return remaining
  }

  #remaining(runs: readonly Run[], busy: PersistenceError): Run[] {
    return runs.flatMap((run): Run[] => {
      const [first, ...others] = this.busyRetry.remaining(run, busy)
      return first === undefined ? [] : [[first, ...others]]
    })
  }

  /** Pauses for `works`, which still wait for the database; without any, what is due in the backlog gives up too. */
  #waitOut(works: readonly Work[], attempt: number, busy: PersistenceError): Promise<void> {
    this.#busy = busy
    return new Promise((resolve) => {
      const [first] = works
      if (first !== undefined) this.busyRetry.pause(first, attempt, resolve)
      else this.giveUp(busy, resolve)
    })
  }
}
