import type { CircuitBreakerPersistedState, Permit } from '@go-go-scope/persistence-sqlite-core/ports'
import { AbortError } from '../errors/error-classes.js'
import { callSafely, type Reporter, reportToNobody } from '../errors/reporter.js'
import type { CircuitBreakerEvents, CircuitBreakerOptions, CircuitState } from './circuit-breaker-options.js'
import { announceChange, EventEmitter } from './circuit-events.js'
import { CircuitMachine } from './circuit-machine.js'
import { CircuitStatistics } from './circuit-statistics.js'
import { CircuitStore, openFor, snapshot } from './circuit-store.js'
import { SharedPermits } from './shared-permits.js'

/**
 * Keeps calls away from something that fails.
 *
 * closed: calls go through; `failureThreshold` failures in a row open it.
 * open: calls fail with a `CircuitOpenError` and do not run, for `resetTimeout` ms from the last failure.
 * half-open: one call at a time goes through; `successThreshold` successes close it, one failure opens it again.
 *
 * With a provider the state is loaded before the first call and stored at every change, so the time spent open counts
 * through a restart. Time in this process is monotonic; only the stored times are wall time.
 */
export class CircuitBreaker extends EventEmitter<CircuitBreakerEvents> {
  readonly resetTimeout: number
  readonly successThreshold: number
  readonly #options: CircuitBreakerOptions
  readonly #report: Reporter
  readonly #signal: AbortSignal | undefined
  readonly #store: CircuitStore | undefined
  readonly #statistics: CircuitStatistics
  readonly #machine: CircuitMachine
  readonly #permits: SharedPermits | undefined
  #loading: Promise<void> | undefined
  #loaded: boolean
  #unsubscribe: (() => void) | undefined

  /** @param signal Once aborted, `execute` runs nothing any more. */
  constructor(options: CircuitBreakerOptions = {}, signal?: AbortSignal, report: Reporter = reportToNobody) {
    super(report)
    const { provider, key } = options
    if (provider !== undefined && key === undefined) {
      throw new Error(`CircuitBreaker 'key' is required when using a persistence provider`)
    }
    this.#options = options
    this.#report = report
    this.#signal = signal
    this.resetTimeout = options.resetTimeout ?? 30_000
    this.successThreshold = options.successThreshold ?? 1
    this.#statistics = new CircuitStatistics(options)
    this.#loaded = provider === undefined
    this.#machine = new CircuitMachine({
      resetTimeout: this.resetTimeout,
      successThreshold: this.successThreshold,
      failureThreshold: () => this.failureThreshold,
      window: this.#statistics.window,
      onChange: (...change) => this.#announce(...change),
    })
    if (provider === undefined || key === undefined) return
    this.#store = new CircuitStore(provider, key, report)
    if (!SharedPermits.areGivenBy(provider)) return
    this.#permits = new SharedPermits(provider, key, this.#store, this.#machine, this.resetTimeout)
  }

  /** `half-open` as soon as the reset time is over, although no event says so before the next call. */
  get currentState(): CircuitState {
    return this.#machine.resetDue ? 'half-open' : this.#machine.state
  }

  get failureCount(): number {
    return this.#machine.failures
  }

  /** Successes since it went half-open. */
  get successCount(): number {
    return this.#machine.successes
  }

  get failureThreshold(): number {
    return this.#statistics.failureThreshold
  }

  /** 0 to 1 over the adaptive window, or else the sliding one; 0 without either. */
  get errorRate(): number {
    return this.#statistics.errorRate
  }

  /**
   * Runs `fn` unless the circuit is open.
   *
   * @param isNeutral tells of an error of `fn` whether it says nothing about what the circuit guards, as an abort.
   * @throws what `fn` throws, and a `CircuitOpenError` when the circuit does not let it run.
   */
  async execute<T>(fn: () => T | PromiseLike<T>, isNeutral?: (error: unknown) => boolean): Promise<T> {
    if (this.#signal?.aborted) throw new AbortError(this.#signal.reason)
    if (!this.#loaded) await this.#load()
    const permit = this.#permits && (this.#permits.current ?? (await this.#permits.ask()))
    const probe = permit?.probe === undefined ? undefined : permit
    const generation = probe === undefined ? this.#machine.admit() : ((await this.#permits?.begin(probe)) as number)
    let value: T
    try {
      value = await fn()
    } catch (error) {
      if (!isNeutral?.(error)) await this.#ended(true, generation, permit)
      else {
        this.#machine.endedNeutral(generation)
        if (probe !== undefined) await this.#permits?.withdraw(probe)
      }
      throw error
    }
    await this.#ended(false, generation, permit)
    return value
  }

  /** Closes the circuit without an event. The promise is for the store and never rejects. */
  async reset(): Promise<void> {
    this.#machine.forget()
    await this.#store?.save({ state: 'closed', failureCount: 0 })
  }

  /** Drops the listeners and forgets; the stored state stays as it is. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
    this.#loaded = this.#store === undefined
    this.#machine.forget()
    this.clear()
  }

  async #ended(failed: boolean, generation: number, permit: Permit | undefined): Promise<void> {
    this.#observe(failed)
    if (permit?.probe !== undefined) await this.#reportProbe(permit, generation, failed)
    else if (failed) {
      if (this.#machine.failed(generation)) await this.#storeFailure(permit)
    } else if (this.#machine.succeeded(generation)) {
      await (permit ? this.#reportCall(permit, false) : this.#store?.recordSuccess())
    }
    this.emit(failed ? 'failure' : 'success')
  }

  async #reportProbe(permit: Permit, generation: number, failed: boolean): Promise<void> {
    const state = await this.#permits?.reportProbe(permit, generation, failed, this)
    if (state !== undefined) this.#follow(state)
  }

  /** Of a closed circuit. @returns the shared count, or `undefined` when the report does not count. */
  async #reportCall(permit: Permit, failed: boolean): Promise<number | undefined> {
    const outcome = await this.#permits?.report(permit, failed, this)
    if (outcome?.counted) return outcome.state?.failureCount
    if (outcome?.state) this.#follow(outcome.state)
    return undefined
  }

  async #storeFailure(permit: Permit | undefined): Promise<void> {
    if (this.#store === undefined) return
    const { state, generation } = this.#machine
    // A window is of this process alone, and so is its count.
    if (this.#statistics.window !== undefined)
      return state === 'open' ? this.#store.save(snapshot(this.#machine)) : undefined
    const threshold = this.failureThreshold
    const shared = permit ? await this.#reportCall(permit, true) : await this.#store.recordFailure(threshold)
    if (shared === undefined || generation !== this.#machine.generation) return
    if (state !== 'open') this.#machine.shareFailures(Math.max(shared, this.#machine.failures))
    // Somebody else's success took failures off the shared count that this process has seen in a row.
    else if (shared < threshold) await this.#store.save(snapshot(this.#machine))
  }

  /** The windows see every outcome, whatever its generation. */
  #observe(failed: boolean): void {
    if (!this.#statistics.record(failed)) return
    const { failureThreshold, errorRate } = this.#statistics
    const { onThresholdAdapt } = this.#options.advanced ?? {}
    callSafely(this.#report, 'onThresholdAdapt', () => onThresholdAdapt?.(failureThreshold, errorRate))
    this.emit('thresholdAdapt', failureThreshold, errorRate)
  }

  #announce(...change: [from: CircuitState, to: CircuitState, failureCount: number]): void {
    // The store keeps this before the probe's outcome; the probe need not wait for it.
    if (change[1] === 'half-open' && this.#permits === undefined) void this.#store?.save(snapshot(this.#machine))
    announceChange(this.#options, this, this.#report, ...change)
  }

  /** Loads once; calls that come meanwhile wait for the same load. A failed load is tried again by the next call. */
  #load(): Promise<void> {
    this.#loading ??= (async () => {
      const store = this.#store as CircuitStore
      const { generation } = this.#machine
      const stored = await store.load()
      this.#loading = undefined
      // It may have been reset or disposed meanwhile.
      if (stored === undefined || generation !== this.#machine.generation) return
      this.#loaded = true
      if (stored !== null) this.#machine.restore(stored.failureCount, openFor(stored, this.resetTimeout))
      this.#unsubscribe = store.subscribe((state) => this.#follow(state))
    })()
    return this.#loading
  }

  /** Another user of the store changed the circuit. */
  #follow(stored: CircuitBreakerPersistedState): void {
    const { state } = this.#machine
    if (stored.state === 'closed' && state !== 'closed') this.#machine.close()
    if (stored.state === 'open' && state !== 'open')
      this.#machine.open(openFor(stored, this.resetTimeout), stored.failureCount)
    this.#machine.shareFailures(stored.failureCount)
  }
}
