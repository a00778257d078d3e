import type { LogWatch } from '../dialects/sqlite/file/log-watch.js'
import type { AsyncDriver, Row } from '../driver/driver.js'
import type { Diagnostics } from '../errors/diagnostics.js'
import type { PersistenceError } from '../errors/persistence-error.js'
import type { ConnectionClock } from '../time/connection-clock.js'
import { AsyncEngine } from './async-runner.js'
import { BacklogQueue } from './backlog-queue.js'
import { distribute } from './batch.js'
import { failure, type Patience } from './busy-retry.js'
import { type Call, isAwaited, type Work } from './call.js'
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
  readonly #engine: AsyncEngine
  /** What the last try met that found the database busy. */
  #busy: PersistenceError | undefined

  constructor(
    driver: AsyncDriver,
    clock: ConnectionClock,
    patience: Patience,
    diagnostics: Diagnostics,
    log: LogWatch,
  ) {
    super(patience, diagnostics)
    this.#engine = new AsyncEngine(driver, clock, diagnostics, log)
  }

  execute<Rows extends RowCount, Result>(
    statement: Statement<Rows>,
    parameters: Parameters,
    decode: Decode<Rows, Result>,
  ): Promise<Result> {
    return this.enqueue(statement, parameters, decode)
  }

  async close(keepHandle: boolean): Promise<void> {
    await this.#engine.finalize()
    if (!keepHandle) await this.#engine.close()
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

  /**
   * By callbacks: a lone call waits for each promise on its way to the engine and back.
   *
   * @param behind Whether anybody awaits what was taken together with these and comes after them.
   */
  #send(runs: readonly Run[], attempt = 0, behind = false): Promise<Settle> {
    const [only] = runs as [Run]
    const failed = (error: unknown): Promise<Settle> => this.#recover(runs, attempt, behind, error)
    if (runs.length === 1) return this.#engine.run(only).then((rows) => () => distribute(only, rows), failed)
    return this.#runTogether(runs).then(
      (answers) => () => {
        for (const [at, run] of runs.entries()) distribute(run, answers[at] as Row[])
      },
      failed,
    )
  }

  #runTogether(runs: readonly Run[]): Promise<Row[][]> {
    return this.#engine.transact(async () => {
      const answers: Row[][] = []
      for (const run of runs) answers.push(await this.#engine.run(run))
      return answers
    })
  }

  async #recover(runs: readonly Run[], attempt: number, behind: boolean, error: unknown): Promise<Settle> {
    const [first] = runs as [Run]
    const reason = failure(error, first[0])
    if (reason.code !== 'BUSY') return this.#sendParts(runs, behind, reason)
    const remaining = await this.#wait(runs, attempt, behind, reason)
    return remaining.length > 0 ? this.#send(remaining, attempt + 1, behind) : gaveUp
  }

  async #sendParts(runs: readonly Run[], behind: boolean, reason: PersistenceError): Promise<Settle> {
    const [only] = runs as [Run]
    const parts: readonly Run[] = runs.length > 1 ? runs : only.map((call): Run => [call])
    if (parts.length === 1) {
      only[0].reject(reason)
      return settled
    }
    const awaited = behind || runs.some((run) => run.some(isAwaited))
    let last = settled
    for (const part of parts) {
      // What has waited for as long as a part that was just given up is not tried: each try takes a while.
      const due = last === gaveUp && this.#busy !== undefined ? this.#remaining([part], this.#busy) : [part]
      if (due.length === 0) continue
      last = await this.#send(due, 0, awaited)
      last()
    }
    return last
  }

  async #sendAlone(work: Exclude<Work, Call>): Promise<Settle> {
    for (let attempt = 0; ; attempt++) {
      try {
        if (work.type === 'query') work.resolve(await this.#engine.query(work.sql, work.parameters))
        else work.resolve(await this.#engine.steps(work.steps, work.name))
        return settled
      } catch (error) {
        const reason = failure(error, work)
        if (reason.code !== 'BUSY') {
          work.reject(reason)
          return settled
        }
        const waiting = this.patience.remaining([work], reason)
        await this.#waitOut(waiting, attempt, false, reason)
        if (waiting.length === 0) return settled
      }
    }
  }

  async #wait(runs: readonly Run[], attempt: number, behind: boolean, busy: PersistenceError): Promise<Run[]> {
    const remaining = this.#remaining(runs, busy)
    await this.#waitOut(remaining.flat(), attempt, behind, busy)
    return remaining
  }

  #remaining(runs: readonly Run[], busy: PersistenceError): Run[] {
    return runs.flatMap((run): Run[] => {
      const [first, ...others] = this.patience.remaining(run, busy)
      return first === undefined ? [] : [[first, ...others]]
    })
  }

  /** Pauses for `works`, which still wait for the database; without any, nothing of the backlog may be due either. */
  #waitOut(works: readonly Work[], attempt: number, behind: boolean, busy: PersistenceError): Promise<void> {
    this.#busy = busy
    return new Promise((resolve) => {
      if (works.length > 0) this.pause(works, attempt, resolve, behind)
      else this.giveUp(busy, resolve)
    })
  }
}
