import { AbortSource } from '../cancellation/abort-source.js'
import { onAbort } from '../cancellation/on-abort.js'
import { raceAbort } from '../cancellation/race-abort.js'
import { openTaskCheckpoints, type TaskCheckpoints } from '../checkpoint/open-task-checkpoints.js'
import type { Release } from '../concurrency/semaphore.js'
import { AbortError } from '../errors/abort-error.js'
import { beginIdempotent, type IdempotentRun } from '../idempotency/begin-idempotent.js'
import { type FlightEnd, type Seat, takeSeat } from '../idempotency/take-seat.js'
import { runWithRetry } from '../retry/run-with-retry.js'
import { startTimer } from '../time/start-timer.js'
import type { TaskEnvironment } from './task-environment.js'
import type { TaskContext, TaskFunction, TaskOptions } from './task-options.js'
import { throughBreaker } from './through-breaker.js'

/** ms after which the idempotency key of a process that died is free again. */
const LEASE = 10_000

export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown }

/**
 * One run of one task: permit, abort check, idempotency, checkpoints, breaker, retry, function. It ends as soon as the
 * task is aborted, whatever it is waiting for; the function then goes on behind it and keeps its permit until it ends.
 */
export class TaskRun<T> {
  readonly abort: AbortSource = new AbortSource()
  readonly #fn: TaskFunction<T, never>
  readonly #options: TaskOptions
  readonly #key: string | undefined
  readonly #checkpointId: string
  readonly #environment: TaskEnvironment
  readonly #timeout: Error | undefined
  #waitsForPermit = false
  /** The end of the function's latest run, also when nobody waits for it any more. */
  #functionEnd: Promise<void> | undefined
  #success: { readonly value: T } | undefined
  #seat: Seat<T> | undefined
  #record: ((value: T) => Promise<void>) | undefined
  #work: Promise<T> | undefined

  constructor(
    fn: TaskFunction<T, never>,
    options: TaskOptions,
    key: string | undefined,
    checkpointId: string,
    environment: TaskEnvironment,
  ) {
    this.#fn = fn
    this.#options = options
    this.#key = key
    this.#checkpointId = checkpointId
    this.#environment = environment
    if (options.timeout) this.#timeout = new Error(`Task timeout after ${options.timeout}ms`)
  }

  /**
   * Never rejects.
   *
   * @param onEnd called with the outcome before it is recorded.
   */
  async run(onEnd: (outcome: Outcome<T>) => void): Promise<void> {
    const unlink = this.#environment.abort.onAbort((reason) => this.abort.abort(reason))
    const timer = this.#timeout && startTimer(this.#options.timeout as number, () => this.abort.abort(this.#timeout))
    const outcome = await this.#outcome()
    onEnd(outcome)
    await this.#conclude(outcome)
    timer?.cancel()
    unlink()
  }

  /** The rest of an aborted run: what was begun in the stores ends, and a claim is given back. Never rejects. */
  get aftermath(): Promise<void> | undefined {
    return this.abort.aborted ? this.#work?.then(nothing, nothing) : undefined
  }

  async #outcome(): Promise<Outcome<T>> {
    const failure = (): unknown => this.#abortError()
    try {
      return { ok: true, value: await raceAbort(this.abort, failure, () => this.#start()) }
    } catch (error) {
      // An abort that comes when the function has succeeded, and only its traces are being removed, undoes nothing.
      return this.#success === undefined ? { ok: false, error } : { ok: true, value: this.#success.value }
    }
  }

  /** Records a success under its key, and lets go of those who share this run. An abort ends only the wait for it. */
  async #conclude(outcome: Outcome<T>): Promise<void> {
    const land = (): void => {
      if (!this.#seat?.pilot) return
      if (outcome.ok) this.#seat.land({ value: outcome.value })
      else this.#seat.land(this.abort.aborted ? 'abandoned' : { error: outcome.error })
    }
    if (!outcome.ok || this.#record === undefined) return land()
    const recorded = this.#record(outcome.value).then(land)
    await raceAbort(
      this.abort,
      () => undefined,
      () => recorded,
    ).catch(() => {})
  }

  /** How an abort reads in the result: by its own reason, except a time-out and the end of a wait for a permit. */
  #abortError(): unknown {
    const { reason } = this.abort
    return reason === this.#timeout || this.#waitsForPermit ? reason : new AbortError(reason)
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
      return this.#key === undefined ? await this.#runOnce() : await this.#runIdempotent(this.#key)
    } finally {
      if (release !== undefined) void Promise.resolve(this.#functionEnd).then(release)
    }
  }

  async #runIdempotent(key: string): Promise<T> {
    const { persistence, report, logger, idempotency } = this.#environment
    const provider = persistence?.idempotency
    if (provider === undefined) return this.#runOnce()
    for (;;) {
      const seat = takeSeat<T>(provider, key)
      if (!seat.pilot) {
        const landed = (): Promise<FlightEnd<T>> => seat.landed
        const end = await raceAbort(this.abort, () => this.#abortError(), landed)
        if (end === 'abandoned') continue
        if ('value' in end) return end.value
        throw end.error
      }
      this.#seat = seat
      const { ttl = idempotency.defaultTTL, lease = idempotency.defaultLease ?? LEASE } =
        this.#options.idempotency ?? {}
      const request = { key, ttl, lease, signal: this.abort.signal, logger, report }
      const turn = await beginIdempotent<T>(provider, request)
      return turn.replayed ? turn.value : this.#runTurn(turn)
    }
  }

  /** Runs with the right to do so, and gives that back when the task fails or is aborted before its success. */
  async #runTurn(turn: IdempotentRun<T>): Promise<T> {
    const unlink = turn.lost && onAbort(turn.lost, (reason) => this.abort.abort(reason))
    this.#record = (value) => turn.record(value)
    try {
      if (this.abort.aborted) throw this.#abortError()
      const done = await this.#runOnce()
      // Whether a result that comes too late still counts is decided where it is recorded.
      unlink?.[Symbol.dispose]()
      const value = await turn.succeeded(done)
      this.#success = { value }
      return value
    } catch (error) {
      await turn.failed(error)
      throw error
    } finally {
      unlink?.[Symbol.dispose]()
    }
  }

  async #runOnce(): Promise<T> {
    // Nothing is awaited without need: a task that has nothing to wait for starts inside the call of task().
    const opening = this.#openCheckpoints()
    const checkpoints = opening && (await opening)
    const call = (): Promise<T> => this.#call(checkpoints)
    const { retry } = this.#options
    const { report } = this.#environment
    const tries = retry === undefined ? call : () => runWithRetry(call, retry, this.abort.signal, report)
    const guarded = (): Promise<T> => raceAbort(this.abort, () => this.#abortError(), tries)
    const { circuitBreaker } = this.#options
    const aborted = (): boolean => this.abort.aborted
    try {
      const value = await throughBreaker(circuitBreaker, this.#checkpointId, this.#environment, guarded, aborted)
      this.#success = { value }
      await checkpoints?.complete()
      return value
    } finally {
      await checkpoints?.close()
    }
  }

  #openCheckpoints(): Promise<TaskCheckpoints> | undefined {
    const { checkpoint } = this.#options
    const provider = this.#environment.persistence?.checkpoint
    if (checkpoint === undefined || provider === undefined) return undefined
    return openTaskCheckpoints(provider, this.#checkpointId, checkpoint, this.#environment.report)
  }

  #call(checkpoints: TaskCheckpoints | undefined): Promise<T> {
    const { services, context, logger } = this.#environment
    const source = this.abort
    const taskContext: TaskContext = {
      services,
      context,
      logger,
      get signal() {
        return source.signal
      },
      ...checkpoints?.nextRun(),
    }
    const running = (async () => this.#fn(taskContext as TaskContext<never>))()
    this.#functionEnd = running.then(nothing, nothing)
    return running
  }
}

const nothing = (): void => {}
