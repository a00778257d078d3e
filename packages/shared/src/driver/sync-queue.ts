import type { PersistenceError } from '../errors/persistence-error.js'
import type { Clock } from '../time/clock.js'
import { Backlog } from './backlog.js'
import type { Diagnostics } from './diagnostics.js'
import type { Row, SyncDriver, SyncStatement } from './driver.js'
import type { OperationQueue } from './operation-queue.js'
import { failure, type Patience } from './patience.js'
import { SlowStatements } from './slow-statements.js'
import type { Decode, Parameters, RowCount, Statement, Step } from './statement.js'
import { stepChecked } from './transaction.js'
import { type Call, settle, type Work } from './work.js'

const MAX_GROUP = 1_000

type Answer = Row | readonly Row[] | undefined

/**
 * The queue of an engine that answers within the call. A call that finds nothing waiting runs at once. On a file, where
 * a commit costs a flush of the disk, writes wait for the end of the turn and share one transaction; a read made after
 * them waits with them, so that it sees them.
 *
 * A group that fails is rolled back and its calls run singly, so that each gets its own error and its own commit.
 */
export class SyncQueue implements OperationQueue {
  readonly #driver: SyncDriver
  readonly #clock: Clock
  readonly #patience: Patience
  readonly #backlog: Backlog
  readonly #slow: SlowStatements
  readonly #prepared = new Map<string, SyncStatement>()
  /** Whether commits are worth sharing: true on a file. */
  groupWrites = false
  #scheduled = false
  #flushing = false

  constructor(driver: SyncDriver, clock: Clock, patience: Patience, diagnostics: Diagnostics) {
    this.#driver = driver
    this.#clock = clock
    this.#patience = patience
    this.#backlog = new Backlog(diagnostics)
    this.#slow = new SlowStatements(clock, diagnostics)
  }

  get waiting(): number {
    return this.#backlog.length
  }

  execute<Rows extends RowCount, Result>(
    statement: Statement<Rows>,
    parameters: Parameters,
    decode: Decode<Rows, Result>,
  ): Result | Promise<Result> {
    if (this.#backlog.length > 0 || this.#flushing || (this.groupWrites && statement.kind === 'write')) {
      return this.#enqueue(statement, parameters, decode)
    }
    let answer: Answer
    try {
      answer = this.#run(statement, parameters)
    } catch (error) {
      const reason = failure(error, { name: statement.name } as Work)
      if (reason.code === 'BUSY') return this.#enqueue(statement, parameters, decode)
      throw reason
    }
    return decode(answer as never)
  }

  atomic(name: string, steps: readonly Step[]): Promise<Row[][]> {
    return new Promise((resolve, reject) => {
      this.#submit({ type: 'atomic', name, steps, resolve, reject, deadline: this.#patience.deadline() })
    })
  }

  query(name: string, sql: string, parameters: Parameters = []): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      this.#submit({ type: 'query', name, sql, parameters, resolve, reject, deadline: this.#patience.deadline() })
    })
  }

  drain(): Promise<void> {
    return this.#backlog.length > 0 ? new Promise((resolve) => this.#backlog.onIdle(resolve)) : Promise.resolve()
  }

  async close(keepHandle: boolean): Promise<void> {
    for (const statement of this.#prepared.values()) statement.finalize()
    this.#prepared.clear()
    if (!keepHandle) this.#driver.close()
  }

  #enqueue<Rows extends RowCount, Result>(
    statement: Statement<Rows>,
    parameters: Parameters,
    decode: Decode<Rows, Result>,
  ): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#submit({
        type: 'call',
        name: statement.name,
        statement,
        parameters,
        decode: decode as Decode<RowCount, unknown>,
        resolve: resolve as (result: unknown) => void,
        reject,
        deadline: this.#patience.deadline(),
      })
    })
  }

  #submit(work: Work): void {
    this.#backlog.push(work)
    if (this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(() => this.#flush(0))
  }

  /** Runs what waits. Ends early, with a timer set to come back, when another connection holds the database. */
  #flush(attempt: number): void {
    this.#flushing = true
    const head = this.#headGroup()
    const busy = head.length > 1 ? this.#runGroup(head) : this.#runAlone(head[0] as Work)
    this.#flushing = false
    const waiting = this.#backlog.peek()
    if (waiting === undefined) {
      this.#scheduled = false
      this.#backlog.signalIdle()
    } else if (busy) {
      this.#patience.pause(waiting, attempt, () => this.#flush(attempt + 1))
    } else if (head.length >= MAX_GROUP) {
      // A producer that never stops must not keep the event loop from everybody else.
      setImmediate(() => this.#flush(0))
    } else {
      queueMicrotask(() => this.#flush(0))
    }
  }

  /** The calls at the head that can share a commit, left in the backlog until they have settled. */
  #headGroup(): Work[] {
    const group: Work[] = []
    for (
      let work = this.#backlog.peek();
      work !== undefined && group.length < MAX_GROUP;
      work = this.#backlog.peek(group.length)
    ) {
      if (work.type !== 'call') return group.length === 0 ? [work] : group
      group.push(work)
    }
    return group
  }

  /** @returns whether the database was busy, and the calls still wait. */
  #runGroup(group: Work[]): boolean {
    const calls = group as Call[]
    let answers: Answer[]
    try {
      answers = this.#transact(() => calls.map((call) => this.#run(call.statement, call.parameters)))
    } catch (error) {
      const reason = failure(error, calls[0] as Call)
      if (reason.code !== 'BUSY') return this.#runSingly(calls)
      return this.#stillWaiting(calls, reason)
    }
    this.#backlog.take(calls.length)
    for (const [at, call] of calls.entries()) settle(call, answers[at])
    return false
  }

  #runSingly(calls: readonly Call[]): boolean {
    return calls.some((call) => this.#runAlone(call))
  }

  #runAlone(work: Work): boolean {
    try {
      const answer = this.#attempt(work)
      this.#backlog.take(1)
      if (work.type === 'call') settle(work, answer as Answer)
      else work.resolve(answer as Row[] & Row[][])
      return false
    } catch (error) {
      const reason = failure(error, work)
      if (reason.code === 'BUSY') return this.#stillWaiting([work], reason)
      this.#backlog.take(1)
      work.reject(reason)
      return false
    }
  }

  #attempt(work: Work): Answer | Row[][] {
    if (work.type === 'call') return this.#run(work.statement, work.parameters)
    if (work.type === 'query') return this.#driver.query(work.sql, work.parameters)
    return this.#transact(() =>
      work.steps.map((step) => stepChecked(step, this.#driver.query(step.sql, step.parameters), work.name)),
    )
  }

  #transact<Result>(body: () => Result): Result {
    // Outside the try: a BEGIN that failed must not roll back a transaction the app itself has open on its handle.
    this.#statement('BEGIN IMMEDIATE').run([])
    try {
      const result = body()
      this.#statement('COMMIT').run([])
      return result
    } catch (error) {
      this.#rollBack()
      throw error
    }
  }

  #stillWaiting(works: readonly Work[], reason: PersistenceError): boolean {
    const remaining = this.#patience.remaining(works, reason)
    // Deadlines follow the order of the calls, so those that gave up are at the head.
    this.#backlog.take(works.length - remaining.length)
    return true
  }

  #rollBack(): void {
    try {
      this.#statement('ROLLBACK').run([])
    } catch {
      // SQLite has rolled back by itself after some errors and then refuses this; either way nothing stays open.
    }
  }

  #statement(sql: string): SyncStatement {
    let prepared = this.#prepared.get(sql)
    if (prepared === undefined) {
      prepared = this.#driver.prepare(sql)
      this.#prepared.set(sql, prepared)
    }
    return prepared
  }

  #run(statement: Statement, parameters: Parameters): Answer {
    const prepared = this.#statement(statement.sql)
    const bound = statement.clocked ? [...parameters, this.#clock.now()] : parameters
    const stop = this.#slow.start(statement.name, 1)
    let answer: Answer
    if (statement.rows === 'none') prepared.run(bound)
    else if (statement.rows === 'many') answer = prepared.all(bound)
    else answer = statement.kind === 'read' ? (prepared.get(bound) ?? undefined) : prepared.all(bound)[0]
    stop?.()
    return answer
  }
}
