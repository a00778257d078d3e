import { LruMap } from '../cache/lru-map.js'
import { AbortSource } from '../cancellation/abort-source.js'
import { SingleFlight } from '../concurrency/single-flight.js'
import { AbortError } from '../errors/error-classes.js'
import { callSafely } from '../errors/reporter.js'
import { checkTaskOptions, idempotencyKey } from '../options/check-task-options.js'
import { startTimer } from '../time/timer.js'
import type { Waits } from '../time/waits.js'
import { type Result, Task } from './task.js'
import type { TaskEnvironment } from './task-environment.js'
import type { TaskFunction, TaskOptions } from './task-options.js'
import { TaskRun, timeoutError } from './task-run.js'
import { wrapError } from './wrap-error.js'

type AnyResult = Result<unknown, unknown>

/** Maximum number of memoized results per scope. */
const MEMO_SIZE = 1000

/** Starts the tasks of one scope and tracks which of them are still running. */
export class TaskSpawner {
  readonly #environment: TaskEnvironment
  readonly #waits: Waits
  readonly #pending = new Set<Promise<unknown>>()
  readonly #memo = new LruMap<AnyResult>(MEMO_SIZE)
  readonly #deduped = new SingleFlight<Task<AnyResult>>()
  #count = 0

  constructor(environment: TaskEnvironment, waits: Waits) {
    this.#environment = environment
    this.#waits = waits
  }

  get running(): number {
    return this.#pending.size
  }

  /**
   * Starts `fn`, or returns the memoized result or the running call with the same `dedupe` key.
   *
   * @throws TypeError for an unknown option name and an invalid value, and the error of the idempotency key function.
   */
  spawn(fn: TaskFunction<unknown, never>, options: TaskOptions): Task<AnyResult> {
    checkTaskOptions(options)
    const { memo, dedupe, idempotency } = options
    const remembered = memo && this.#memo.get(memo.key)?.value
    if (remembered !== undefined) return this.#alias(Promise.resolve(remembered), options, 0)
    const running = dedupe === undefined ? undefined : this.#deduped.get(dedupe)
    if (running !== undefined) return this.#alias(running, options)
    const hasStore = this.#environment.persistence?.idempotency !== undefined
    const task = this.#start(fn, options, idempotency && hasStore ? idempotencyKey(idempotency) : undefined)
    if (dedupe !== undefined) this.#deduped.share(dedupe, task)
    return task
  }

  /** Makes the end of the scope wait for `work`, however it ends. */
  waitFor(work: Promise<unknown>): void {
    this.#track(work.catch(() => {}))
  }

  /** Resolves when all tasks have settled, and the store operations of aborted tasks have ended or are abandoned. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending)
    await this.#environment.pendingClaims.end()
  }

  #start(fn: TaskFunction<unknown, never>, options: TaskOptions, key: string | undefined): Task<AnyResult> {
    const index = ++this.#count
    const name = options.id ?? `task-${index}`
    const environment = this.#environment
    const { report } = environment
    this.#warnOfIgnored(name, options)
    const run = new TaskRun(fn, options, key, options.id ?? `${environment.scopeName}-task-${index}`, environment)
    const started = performance.now()
    environment.beforeTask(name, index)
    const execute = async (): Promise<AnyResult> => {
      let result: AnyResult = [undefined, undefined]
      await run.run((outcome) => {
        const failed = 'error' in outcome
        result = failed ? [wrapError(outcome.error, options, report), undefined] : [undefined, outcome.value]
        environment.afterTask(name, performance.now() - started, result[0], index)
        const { memo, onCleanup } = options
        if (memo !== undefined && !failed) callSafely(report, 'memo', () => this.#memo.set(memo.key, result, memo.ttl))
        const cleanup = onCleanup && callSafely(report, 'onCleanup', onCleanup)
        if (cleanup !== undefined) this.#track(cleanup)
      })
      const { workEnd } = run
      if (workEnd !== undefined) this.#track(workEnd)
      return result
    }
    const promise = execute()
    this.#track(promise)
    return new Task(name, run.abort, promise)
  }

  /** Without its store an option is ignored, as in go-go-scope 2.9. The log says so, because a key then protects nothing. */
  #warnOfIgnored(name: string, options: TaskOptions): void {
    const { persistence, logger, report } = this.#environment
    for (const option of ['idempotency', 'checkpoint'] as const) {
      if (options[option] === undefined || persistence?.[option] !== undefined) continue
      const message = `task '${name}': its option '${option}' is ignored, because the scope has no persistence.${option}`
      callSafely(report, 'logger', () => logger.warn(message))
    }
  }

  /**
   * Returns a task that only waits for the result of another call. Its timeout and its disposal do not affect that call.
   *
   * @param other Never rejects.
   */
  #alias(other: PromiseLike<AnyResult>, options: TaskOptions, timeout = options.timeout): Task<AnyResult> {
    const { id, onCleanup } = options
    const { report } = this.#environment
    const abort = new AbortSource()
    const timedOut = timeout ? timeoutError(timeout) : undefined
    const timer = timedOut && startTimer(timeout as number, () => abort.abort(timedOut))
    // Not by `raceAbort`: to turn its rejection into a result, callers of a running task would wait several ticks longer.
    const result = new Promise<AnyResult>((resolve) => {
      const end = (settled: AnyResult): void => {
        timer?.cancel()
        resolve(settled)
      }
      abort.onAbort((reason) => {
        const error = reason === timedOut ? reason : new AbortError(reason)
        end([wrapError(error, options, report), undefined])
      })
      void other.then(end)
    })
    if (onCleanup !== undefined) this.#track(result.then(() => callSafely(report, 'onCleanup', onCleanup)))
    return new Task(id ?? `task-${++this.#count}`, abort, result)
  }

  #track(promise: Promise<unknown>): void {
    this.#waits.begin()
    this.#pending.add(promise)
    void promise.then(() => {
      this.#pending.delete(promise)
      this.#waits.end()
    })
  }
}
