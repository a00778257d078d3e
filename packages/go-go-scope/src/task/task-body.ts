import { type AbortSource, raceAbort } from '../cancellation/abort-source.js'
import { openTaskCheckpoints, type TaskCheckpoints } from '../checkpoint/open-task-checkpoints.js'
import { throughBreaker } from '../circuit-breaker/which-breaker.js'
import type { IdempotentWork } from '../idempotency/shared-run.js'
import { runWithRetry } from '../retry/run-with-retry.js'
import type { TaskEnvironment } from './task-environment.js'
import type { TaskContext, TaskFunction, TaskOptions } from './task-options.js'

/** The dependencies of a task's body. */
interface BodyOptions<T> {
  readonly fn: TaskFunction<T, never>
  readonly options: TaskOptions
  readonly checkpointId: string
  readonly environment: TaskEnvironment
  readonly abort: AbortSource
  /** Returns the error with which an abort rejects. */
  readonly abortError: () => unknown
}

/** The body of a task: checkpoints, breaker, retry, function. An abort ends the body; the function continues. */
export class TaskBody<T> implements IdempotentWork<T> {
  readonly #task: BodyOptions<T>
  #functionEnd: Promise<void> = Promise.resolve()
  #success: { readonly value: T } | undefined

  constructor(task: BodyOptions<T>) {
    this.#task = task
  }

  get functionEnd(): Promise<void> {
    return this.#functionEnd
  }

  /** Set as soon as the function has succeeded, even while the breaker counts that or the checkpoints are removed. */
  get success(): { readonly value: T } | undefined {
    return this.#success
  }

  async run(): Promise<T> {
    const { options, checkpointId, environment, abort, abortError } = this.#task
    // No needless await, so that a task with nothing to wait for starts its function inside the call of task().
    const opening = this.#openCheckpoints()
    const checkpoints = opening && (await opening)
    const call = (): Promise<T> => this.#call(checkpoints)
    const { retry, circuitBreaker } = options
    const tries = retry === undefined ? call : () => runWithRetry(call, retry, abort.signal, environment.report)
    const guarded = async (): Promise<T> => {
      const value = await raceAbort(abort, abortError, tries)
      this.#success = { value }
      return value
    }
    try {
      const value = await throughBreaker(circuitBreaker, checkpointId, environment, guarded, () => abort.aborted)
      await checkpoints?.complete()
      return value
    } finally {
      await checkpoints?.close()
      if (checkpoints !== undefined) void this.#functionEnd.then(checkpoints.leave)
    }
  }

  #openCheckpoints(): Promise<TaskCheckpoints> | undefined {
    const { options, checkpointId, environment } = this.#task
    const provider = environment.persistence?.checkpoint
    if (options.checkpoint === undefined || provider === undefined) return undefined
    return openTaskCheckpoints(provider, checkpointId, options.checkpoint, environment.report)
  }

  #call(checkpoints: TaskCheckpoints | undefined): Promise<T> {
    const { fn, environment, abort } = this.#task
    const { services, context, logger } = environment
    const taskContext: TaskContext = {
      services,
      context,
      logger,
      get signal() {
        return abort.signal
      },
      ...checkpoints?.nextRun(),
    }
    const running = (async () => fn(taskContext as TaskContext<never>))()
    this.#functionEnd = running.then(nothing, nothing)
    return running
  }
}

const nothing = (): void => {}
