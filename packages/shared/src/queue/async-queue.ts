import type { AsyncDriver, Row } from '../driver/driver.js'
import { DisconnectedError } from '../errors/disconnected-error.js'
import { messageOf } from '../errors/is-error.js'
import { PersistenceError, problemOf } from '../errors/persistence-error.js'
import { nextTurn } from '../time/clock.js'
import { AsyncRunner } from './async-runner.js'
import { BacklogQueue } from './backlog-queue.js'
import { distribute } from './batch.js'
import { type Call, mayWrite, settle, type Work } from './call.js'
import { FailedBatch } from './failed-batch.js'
import { isJoined } from './joined-calls.js'
import type { CloseOptions } from './operation-queue.js'
import { packedTaker } from './packed.js'
import { PartwiseAnswer } from './partwise-answer.js'
import type { QueueContext } from './queue-context.js'
import { itemsIn, type Run, runsAtHead, writesIn } from './runs.js'

/** Delivers results to the callers. */
type Settle = () => void

const nothingToSettle: Settle = () => undefined

const ONE_RUN = { runs: 1, calls: 1_000, callsInRun: 1_000, units: 4 * 1024 * 1024 }
const ONE_CALL = { ...ONE_RUN, calls: 1 }
// A group holds the write lock for all its round trips to the engine's thread, about 20 µs each.
const GROUP = { ...ONE_RUN, runs: 256 }

/**
 * The queue of an engine with its own thread. One statement is in flight at a time: two would share the engine's transaction
 * state, and waiting ones would block pool threads that the rest of the process needs.
 *
 * Consecutive waiting calls of the same statement form a run, which is sent as one statement over `json_each`; so do joined
 * calls. On a file, where a commit costs a disk flush, runs that wait together form a group, which is sent in one transaction.
 *
 * The queue sleeps while no call waits. A call wakes it; it is then in one of three modes:
 * - Sending. It takes the next work from the head of the backlog and sends it. When the answer arrives, it first sends the next
 *   work and only then delivers the results, so that the engine's thread works while this one decodes. If the next work is a
 *   write whose commit others may share, it delivers the results first and lets one turn of the event loop pass. The reason: a
 *   caller that awaited a write often makes another one, and two groups of callers that once got out of step would each pay for a
 *   commit from then on. The queue sleeps again when the backlog is empty. A failure leads to one of the other modes before
 *   anything else is sent.
 * - Waiting for another writer, after `BUSY`, or for a connection, after `UNAVAILABLE`. The sent work returns to the head of the
 *   backlog. Calls past their deadline are rejected. After a pause the queue sends again, in its previous mode.
 * - Taking apart (failed-batch.ts), after any other error of more than one call. SQLite has undone all of it, and it returns to
 *   the head of the backlog. The queue sends its runs one by one, and the calls of a failing run one by one, so that each call
 *   gets its own error. Joined calls count as one call until they fail by themselves. When all these calls were sent, the queue
 *   sends as before.
 */
export class AsyncQueue extends BacklogQueue {
  readonly #runner: AsyncRunner
  readonly #failedBatch = new FailedBatch()
  /** Consecutive attempts that found the database busy or no connection. */
  #futileTries = 0

  constructor(driver: AsyncDriver, context: QueueContext) {
    super(context)
    this.#runner = new AsyncRunner(driver, context)
  }

  async close({ keepHandle = false, split }: CloseOptions = {}): Promise<void> {
    await this.#runner.finalize()
    await (keepHandle ? this.#runner.leave() : this.#runner.close(split))
  }

  protected wake(): void {
    void this.#work()
  }

  async #work(): Promise<void> {
    let settle: Settle | undefined
    do {
      const sending = this.#sendNext()
      settle?.()
      settle = await sending
      if (settle !== undefined && this.#sharesNextCommit()) {
        settle()
        settle = nothingToSettle
        await nextTurn()
      }
    } while (settle !== undefined || this.backlog.length > 0)
    this.sleep()
  }

  /** Whether calls made now share the flush of the next commit. Not while work is taken apart. */
  #sharesNextCommit(): boolean {
    if (!this.groupWrites || this.#failedBatch.unit !== undefined) return false
    const next = this.backlog.peek()
    return next?.type === 'call' && mayWrite(next)
  }

  #sendNext(): Promise<Settle> | undefined {
    const work = this.backlog.peek()
    if (work === undefined) return undefined
    if (work.type === 'call') return this.#sendRuns(this.#takeRuns())
    this.backlog.take(1)
    return this.#sendAlone(work)
  }

  #takeRuns(): Run[] {
    const { unit } = this.#failedBatch
    const bounds = unit === 'call' ? ONE_CALL : unit === 'run' || !this.groupWrites ? ONE_RUN : GROUP
    const runs = runsAtHead(this.backlog, bounds)
    // A transaction pays off only if it saves a commit: reads, and a single write, are sent without one.
    const taken = writesIn(runs) > 1 ? runs : runs.slice(0, 1)
    this.backlog.take(itemsIn(taken))
    return taken
  }

  /** Uses callbacks, because a single call would wait for each promise on its way to the engine and back. */
  #sendRuns(runs: readonly Run[]): Promise<Settle> {
    const [only] = runs as [Run]
    const [first] = only
    const failed = (error: unknown): Settle | Promise<Settle> => this.#runsFailed(runs, error)
    if (runs.length > 1) {
      return this.#runner.runTogether(runs).then((answers) => {
        return this.#done(itemsIn(runs), () => {
          for (const [at, run] of runs.entries()) distribute(run, answers[at] as Row[])
        })
      }, failed)
    }
    const taker = packedTaker(only)
    if (taker !== undefined || isJoined(first)) {
      return this.#runner.runAsOne(only).then((row) => {
        return this.#done(only.length, () => {
          if (taker !== undefined) taker.takePacked(only, row as Row)
          else for (const call of only) settle(call, row, 1)
        })
      }, failed)
    }
    // Calls submitted by another thread or process are decoded there.
    const partwise = first.statement.decodesInParts && first.packs === undefined ? new PartwiseAnswer(first) : undefined
    return this.#runner.run(only, undefined, partwise?.take).then((rows) => {
      return this.#done(only.length, () => (partwise === undefined ? distribute(only, rows) : partwise.end(rows)))
    }, failed)
  }

  #runsFailed(runs: readonly Run[], error: unknown): Settle | Promise<Settle> {
    const [only] = runs as [Run]
    const [first] = only
    const reason = this.failure(error, first)
    const calls = runs.flat()
    if (waits(reason)) return this.#waitWith(calls, reason)
    if (reason.code === 'OUTCOME_UNKNOWN') return this.#answerLost(calls, reason)
    if (reason.code === 'DISCONNECTED') return this.#engineEnded(calls, reason)
    if (calls.length === 1 && !isJoined(first)) return this.#done(1, () => first.reject(reason))
    const again = calls.length === 1 && isJoined(first) ? first.apart() : calls
    this.backlog.putBack(again)
    this.#failedBatch.failed(runs.length, calls.length, again.length)
    return nothingToSettle
  }

  async #sendAlone(work: Exclude<Work, Call>): Promise<Settle> {
    try {
      if (work.type === 'query') work.resolve(await this.#runner.query(work.sql, work.parameters))
      else work.resolve(await this.#runner.steps(work.steps, work.name))
    } catch (error) {
      const reason = this.failure(error, work)
      if (waits(reason)) return this.#waitWith([work], reason)
      if (work.type === 'query' && reason.code === 'OUTCOME_UNKNOWN') return this.#waitWith([work], unavailable(reason))
      if (reason.code === 'DISCONNECTED') return this.#engineEnded([work], reason)
      work.reject(reason)
    }
    return this.#done(0, nothingToSettle)
  }

  /** It is unknown whether the statement took effect: it is sent again only if that is harmless. */
  #answerLost(calls: readonly Call[], reason: PersistenceError): Settle | Promise<Settle> {
    const again = calls.flatMap((call) => sentAgain(call) ?? [])
    if (again.length === calls.length) return this.#waitWith(again, unavailable(reason))
    return this.#done(calls.length, () => {
      for (const call of calls) call.reject(reason)
    })
  }

  /** The thread of the engine has ended. Waiting calls fail together with the sent ones; later calls get a new thread. */
  #engineEnded(sent: readonly Work[], reason: PersistenceError): Settle {
    const waiting = this.backlog.take(this.backlog.length)
    const fail = (work: Work, outcome: 'none' | 'unknown'): void =>
      work.reject(DisconnectedError.of(work.name, outcome, problemOf(reason), 'the next call starts it anew'))
    return this.#done(Number.POSITIVE_INFINITY, () => {
      for (const work of sent) fail(work, work.type === 'query' || mayWrite(work) ? 'unknown' : 'none')
      for (const work of waiting) fail(work, 'none')
    })
  }

  /** Records that items of the backlog need not be sent again. */
  #done(items: number, settle: Settle): Settle {
    this.#futileTries = 0
    this.#failedBatch.done(items)
    return settle
  }

  /** Settles when the queue may send again. */
  #waitWith(works: readonly Work[], reason: PersistenceError): Promise<Settle> {
    return new Promise((resolve) => {
      this.retryLater(works, reason, this.#futileTries++, () => resolve(nothingToSettle))
    })
  }
}

/** Returns whether a retry after a pause may succeed: another connection holds a lock, or there is no connection yet. */
function waits({ code }: PersistenceError): boolean {
  return code === 'BUSY' || code === 'UNAVAILABLE'
}

/** Returns what to send when the answer to a call was lost; `undefined` when nothing may be sent. */
function sentAgain(call: Call): Call | undefined {
  const { kind, repeatable, afterLoss } = call.statement
  if (kind === 'read' || repeatable) return call
  return afterLoss && { ...call, statement: afterLoss }
}

/** The error with which an idempotent call is retried; the caller may retry it too. */
function unavailable({ operation, cause }: PersistenceError): PersistenceError {
  const native = messageOf(cause)
  const problem = `the connection ended before the answer came, so the call may have taken effect; call again (${native})`
  return new PersistenceError('UNAVAILABLE', operation, `${operation}: ${problem}`, cause)
}
