import type { CheckpointContext, CheckpointOptions } from '../checkpoint/checkpoint-options.js'
import type { ProgressContext } from '../checkpoint/progress-context.js'
import type { CircuitBreakerOptions } from '../circuit-breaker/circuit-breaker-options.js'
import type { Logger } from '../logging/logger.js'
import type { RetryOptions, RetryStrategy } from '../retry/retry-options.js'

/** The class of the error that wraps a failure. */
export type ErrorClass<E extends Error = Error> = new (message: string, options?: { cause?: unknown }) => E

export interface TaskOptions<E extends Error = Error> {
  /** Name in hooks and of the checkpoints. Default `task-<n>`, for checkpoints `<scope>-task-<n>`. */
  id?: string
  retry?: RetryOptions | RetryStrategy
  /** Time limit in ms for the whole task, including the wait for a permit and all retries. */
  timeout?: number
  /** Replaces the scope's breaker for this task. */
  circuitBreaker?: CircuitBreakerOptions
  /** Higher gets a permit first. Default 0. */
  priority?: number
  /** Calls with the same key that run at the same time share one result. Each waits for it until its own `timeout`. */
  dedupe?: string
  /** A success is kept in this scope's memory for `ttl` ms. */
  memo?: { key: string; ttl: number }
  /**
   * A success is recorded under the key for `ttl` ms. Needs `persistence.idempotency`; without it the key is ignored, which
   * the `logger` is warned of. If that store has claims, one process runs the key and the others wait for it, or at most
   * `lease` ms (default 10000) after it crashed. A timer renews the lease after a third of it, so `lease` must be longer
   * than the function ever blocks the event loop.
   *
   * If the value cannot be stored, the task still succeeds and the failure is reported. Later tasks with the key fail with
   * a `ResultNotStoredError`.
   */
  idempotency?: { key: string | (() => string); ttl?: number; lease?: number }
  /** Needs `persistence.checkpoint`; without it the option is ignored, which the `logger` is warned of. `{}` is enough. */
  checkpoint?: CheckpointOptions
  /** Wraps every failure that is not an instance of it. */
  errorClass?: ErrorClass<E>
  /** Wraps only plain errors and thrown non-errors. */
  systemErrorClass?: ErrorClass
  /** Called once, when the task settles, also with the result of another call. */
  onCleanup?: () => void | Promise<void>
}

/** Options of a task that keeps checkpoints of type `Data`. */
export interface CheckpointedTaskOptions<E extends Error = Error, Data = unknown> extends TaskOptions<E> {
  checkpoint: CheckpointOptions<Data>
}

/** Options of `resumeTask`. */
export interface ResumeOptions<E extends Error = Error, Data = unknown> extends TaskOptions<E> {
  checkpoint?: CheckpointOptions<Data>
  /** Rejects if no checkpoint is stored, instead of starting fresh. Default `false`. */
  requireExisting?: boolean
}

/** The argument of a task's function. */
export interface TaskContext<Services = Record<string, unknown>> {
  readonly services: Services
  /** Aborts with the scope, and when the task times out or is disposed. */
  readonly signal: AbortSignal
  readonly logger: Logger
  readonly context: Readonly<Record<string, unknown>>
  /**
   * Present if the task has the `checkpoint` option and the scope `persistence.checkpoint`; see
   * {@link CheckpointedTaskContext}.
   */
  readonly checkpoint?: CheckpointContext
  readonly progress?: ProgressContext
}

/**
 * The argument of the function of a task that is resumed, or has the `checkpoint` option in a scope with
 * `persistence.checkpoint`. In a scope without it, `checkpoint` and `progress` are absent.
 */
export interface CheckpointedTaskContext<Services = Record<string, unknown>, Data = unknown>
  extends TaskContext<Services> {
  readonly checkpoint: CheckpointContext<Data>
  readonly progress: ProgressContext
}

export type TaskFunction<T, Services = Record<string, unknown>> = (context: TaskContext<Services>) => T | PromiseLike<T>

export type CheckpointedTaskFunction<T, Services = Record<string, unknown>, Data = unknown> = (
  context: CheckpointedTaskContext<Services, Data>,
) => T | PromiseLike<T>
