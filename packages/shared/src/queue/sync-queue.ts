import type { Row, SyncDriver } from '../driver/driver.js'
import type { PersistenceError } from '../errors/persistence-error.js'
import { inMicrotask, inNextTurn } from '../time/clock.js'
import type { Turn } from '../time/turn.js'
import { BacklogQueue } from './backlog-queue.js'
import { distribute } from './batch.js'
import { type Call, settle, type Work } from './call.js'
import { Concurrency } from './concurrency.js'
import { isJoined } from './joined-calls.js'
import type { CloseOptions } from './operation-queue.js'
import { packedTaker } from './packed.js'
import { alone, partsOf } from './parts.js'
import type { QueueContext } from './queue-context.js'
import { itemsIn, type Run, runsAtHead, writesIn } from './runs.js'
import type { Decode, Parameters, RowCount, Statement } from './statement.js'
import { type Answer, SyncRunner } from './sync-runner.js'

// A statement cannot be interrupted, and the event loop waits for it.
const GROUP = { runs: 1_000, calls: 1_000, callsInRun: 256, units: 4 * 1024 * 1024 }

/** How many calls at the head of the backlog found the database busy. */
interface Busy {
  readonly reason: PersistenceError
  readonly tried: number
}

/**
 * The queue of a synchronous engine. A call runs immediately if none is waiting. Calls of one statement that are made together
 * (concurrency.ts) are gathered until the next microtask, and run as few statements (parts.ts) in one transaction. On a file,
 * where a commit costs a disk flush, writes wait for the end of the turn and share one transaction; a later read waits with them,
 * so that it sees them. Once calls have blocked the event loop for long, all calls wait for its next turn.
 *
 * SQLite undoes a failing transaction as a whole. Its calls then run one by one, so that each gets its own error and its own
 * commit.
 */
export class SyncQueue extends BacklogQueue {
  readonly #runner: SyncRunner
  readonly #turn: Turn
  readonly #concurrency: Concurrency
  #flushing = false

  constructor(driver: SyncDriver, context: QueueContext) {
    super(context)
    this.#turn = context.clock.turn
    this.#concurrency = new Concurrency(this.#turn)
    this.#runner = new SyncRunner(driver, context)
  }

  override execute<Rows extends RowCount, Result>(
    statement: Statement<Rows>,
    parameters: Parameters,
    decode: Decode<Rows, Result>,
  ): Result | Promise<Result> {
    const behind = this.backlog.length > 0 || this.#flushing || (this.groupWrites && statement.kind === 'write')
    if (behind || (statement.rows === 'many' ? this.#turn.isLong() : this.#turn.seemsLong())) {
      return super.execute(statement, parameters, decode)
    }
    if (this.#concurrency.shouldGather(statement, parameters)) return super.execute(statement, parameters, decode)
    let answer: Answer
    try {
      answer = this.#runner.run(statement, parameters)
    } catch (error) {
      const reason = this.failure(error, statement)
      if (reason.code === 'BUSY') return super.execute(statement, parameters, decode)
      throw reason
    }
    return decode(answer as never, parameters, 1)
  }

  async close({ keepHandle = false, split }: CloseOptions = {}): Promise<void> {
    this.#runner.finalize()
    if (!keepHandle) this.#runner.close(split)
  }

  protected wake(): void {
    if (this.#turn.isLong()) inNextTurn(() => this.#flush(0))
    else this.#flush(0)
  }

  /** Runs the waiting calls. If another connection holds the database, it ends early and sets a timer to continue. */
  #flush(attempt: number): void {
    this.#flushing = true
    const before = this.backlog.length
    const busy = this.#runHead()
    this.#flushing = false
    if (busy !== undefined) {
      const { reason, tried } = busy
      this.retryLater(this.backlog.take(tried), reason, attempt, () => this.#flushAgain(attempt + 1))
    } else if (this.backlog.length === 0) {
      this.sleep()
    } else if (before - this.backlog.length >= GROUP.calls || this.#turn.isLong()) {
      inNextTurn(() => this.#flush(0))
    } else {
      inMicrotask(() => this.#flush(0))
    }
  }

  #flushAgain(attempt: number): void {
    if (this.backlog.length === 0) this.sleep()
    else this.#flush(attempt)
  }

  /**
   * Runs the head of the backlog. Each call stays there until it has settled.
   *
   * @returns the busy error and the work at the head of the backlog that got it, if the database is busy.
   */
  #runHead(): Busy | undefined {
    const work = this.backlog.peek()
    if (work?.type !== 'call') return work && this.#runAlone(work)
    const runs = runsAtHead(this.backlog, GROUP)
    this.#concurrency.gathered(Math.max(...runs.map((run) => run[0].count ?? run.length)))
    const parts = runs.flatMap(partsOf)
    // Reads alone need no transaction, and without one do not wait for another writer. A single statement is a transaction by
    // itself.
    return parts.length > 1 && writesIn(parts) > 0 ? this.#runGroup(parts) : this.#runSingly(parts)
  }

  /**
   * Runs the parts in one transaction, which ends early when it has blocked the event loop for long. @returns like
   * {@link #runHead}.
   */
  #runGroup(parts: readonly Run[]): Busy | undefined {
    const [[first]] = parts as [Run]
    let answers: Answer[]
    try {
      answers = this.#runner.transact(() => {
        const given: Answer[] = []
        for (const part of parts) {
          given.push(this.#answer(part))
          if (this.#isLongAfter(part)) break
        }
        return given
      })
    } catch (error) {
      const reason = this.failure(error, first)
      return reason.code === 'BUSY' ? { reason, tried: itemsIn(parts) } : this.#runSingly(parts)
    }
    const done = parts.slice(0, answers.length)
    this.backlog.take(itemsIn(done))
    for (const [at, part] of done.entries()) deliver(part, answers[at])
    return undefined
  }

  /** Runs the parts one by one, until they have blocked the event loop for long. @returns like {@link #runHead}. */
  #runSingly(parts: readonly Run[]): Busy | undefined {
    for (const part of parts) {
      let answer: Answer
      try {
        answer = this.#answer(part)
      } catch (error) {
        const reason = this.failure(error, part[0])
        if (reason.code === 'BUSY') return { reason, tried: part.length }
        if (part.length > 1) return this.#runSingly(part.map(alone))
        this.backlog.take(1)
        if (isJoined(part[0])) {
          this.backlog.putBack(part[0].apart())
          return undefined
        }
        part[0].reject(reason)
        continue
      }
      this.backlog.take(part.length)
      deliver(part, answer)
      if (this.#isLongAfter(part)) break
    }
    return undefined
  }

  #answer(part: Run): Answer {
    const [first] = part
    const { statement, parameters } = first
    if (isJoined(first)) return this.#runner.runJoined(first)
    if (part.length === 1) return this.#runner.run(statement, parameters)
    const packed = packedTaker(part) && statement.batch?.packed
    return packed === undefined ? this.#runner.runBatch(part) : this.#runner.runPacked(part, packed)
  }

  /** A batch takes as long as its calls: the duration of earlier calls says nothing about it. */
  #isLongAfter(part: Run): boolean {
    return part.length === 1 && !isJoined(part[0]) ? this.#turn.seemsLong() : this.#turn.isLong()
  }

  /** Runs work that is not a call of a store. @returns like {@link #runHead}. */
  #runAlone(work: Exclude<Work, Call>): Busy | undefined {
    try {
      if (work.type === 'query') work.resolve(this.#runner.query(work.sql, work.parameters))
      else work.resolve(this.#runner.steps(work.steps, work.name))
    } catch (error) {
      const reason = this.failure(error, work)
      if (reason.code === 'BUSY') return { reason, tried: 1 }
      work.reject(reason)
    }
    this.backlog.take(1)
    return undefined
  }
}

/** Delivers the answer of a part to its calls. */
function deliver(part: Run, answer: Answer): void {
  if (part.length === 1) settle(part[0], answer, 1)
  else if (!Array.isArray(answer)) part[0].packs?.takePacked(part, answer as Row)
  else distribute(part, answer)
}
