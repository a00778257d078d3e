import { AbortSource, raceAbort } from '../cancellation/abort-source.js'
import type { Release } from '../concurrency/semaphore.js'
import { AbortError } from '../errors/error-classes.js'
import { SharedRun } from '../idempotency/shared-run.js'
import { startTimer } from '../time/timer.js'
import { TaskBody } from './task-body.js'
import type { TaskEnvironment } from './task-environment.js'
import type { TaskFunction, TaskOptions } from './task-options.js'

/** ms after which the idempotency key of a crashed process is free again. */
const LEASE = 10_000

export type Outcome<T> = { readonly value: T } | { readonly error: unknown }

/**
 * One run of one task: permit, abort check, idempotency, body. An abort ends it at once, also while it waits. The function
 * of an aborted task continues until it notices the abort. Until then it keeps its permit and the claim on its idempotency
 * key, unless the end of the scope abandons the claim earlier.
 */
export class TaskRun<T> {
  readonly abort: AbortSource = new AbortSource()
  readonly #options: TaskOptions
  readonly #environment: TaskEnvironment
  readonly #timeout: Error | undefined
  readonly #body: TaskBody<T>
  readonly #sharedRun: SharedRun<T> | undefined
  #waitsForPermit = false
  #success: { readonly value: T } | undefined
  #work: Promise<T> | undefined

  /** @param key The idempotency key. */
  constructor(
    fn: TaskFunction<T, never>,
    options: TaskOptions,
    key: string | undefined,
    checkpointId: string,
    environment: TaskEnvironment,
  ) {
    this.#options = options
    this.#environment = environment
    if (options.timeout) this.#timeout = timeoutError(options.timeout)
    const { abort } = this
    this.#body = new TaskBody({ fn, options, checkpointId, environment, abort, abortError: this.#abortError })
    this.#sharedRun = key === undefined ? undefined : this.#createSharedRun(key)
  }

  /**
   * Runs the task. Never rejects.
   *
   * @param onEnd Called with the outcome before it is recorded.
   */
  async run(onEnd: (outcome: Outcome<T>) => void): Promise<void> {
    const unlink = this.#environment.abort.onAbort((reason) => this.abort.abort(reason))
    const timer = this.#timeout && startTimer(this.#options.timeout as number, () => this.abort.abort(this.#timeout))
    const outcome = await this.#outcome()
    onEnd(outcome)
    await this.#sharedRun?.conclude(outcome)
    timer?.cancel()
    unlink()
  }

  /** Resolves when everything that an aborted run began in the stores has ended. Never rejects. */
  get workEnd(): Promise<unknown> | undefined {
    return this.abort.aborted ? Promise.allSettled([this.#work, this.#sharedRun?.recording]) : undefined
  }

  async #outcome(): Promise<Outcome<T>> {
    try {
      return { value: await raceAbort(this.abort, this.#abortError, () => this.#start()) }
    } catch (error) {
      // Once the function has succeeded and only the stores are being told, an abort changes nothing.
      return this.#success ?? this.#body.success ?? { error }
    }
  }

  /** Returns the error of an abort: an `AbortError`, or the reason itself for a timeout and while waiting for a permit. */
  readonly #abortError = (): unknown => {
    const { reason } = this.abort
    const isRaw = reason && (reason === this.#timeout || this.#waitsForPermit)
    return isRaw ? reason : new AbortError(reason)
  }

  #start(): Promise<T> {
    this.#work = this.#withPermit()
    return this.#work
  }

  async #withPermit(): Promise<T> {
    let release: Release | undefined
    const { permits } = this.#environment
    if (permits !== undefined) {
      const permit = permits.enter(this.#options.priority, this.abort)
      this.#waitsForPermit = typeof permit !== 'function'
      release = await permit
      this.#waitsForPermit = false
    }
    try {
      if (this.abort.aborted) throw this.#abortError()
      const value = await (this.#sharedRun?.run(this.#body) ?? this.#body.run())
      this.#success = { value }
      return value
    } finally {
      if (release !== undefined) void this.#body.functionEnd.then(release)
    }
  }

  #createSharedRun(key: string): SharedRun<T> | undefined {
    const { persistence, idempotency, report, logger, pendingClaims } = this.#environment
    const provider = persistence?.idempotency
    if (provider === undefined) return undefined
    const { ttl = idempotency.defaultTTL, lease = idempotency.defaultLease ?? LEASE } = this.#options.idempotency ?? {}
    const request = { key, ttl, lease, signal: this.abort.signal, logger, report }
    return new SharedRun(provider, request, { abort: this.abort, abortError: this.#abortError, pendingClaims })
  }
}

/** The reason of an abort by a task's own `timeout`. */
export const timeoutError = (timeout: number): Error => new Error(`Task timeout after ${timeout}ms`)
