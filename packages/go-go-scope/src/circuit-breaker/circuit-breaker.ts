import type { CircuitBreakerStateProvider } from '@go-go-scope/persistence-core/ports'
import { AbortError } from '../errors/error-classes.js'
import { ignoreReport, type Reporter } from '../errors/reporter.js'
import { checkBreakerOptions } from '../options/check-breaker-options.js'
import {
  type CircuitBreakerEvents,
  type CircuitBreakerOptions,
  type CircuitState,
  DEFAULT_RESET_TIMEOUT,
} from './circuit-breaker-options.js'
import { type AdmittedCall, type CircuitCalls, LocalCalls } from './circuit-calls.js'
import { CircuitEvents, type CircuitListener } from './circuit-events.js'
import { CircuitMachine } from './circuit-machine.js'
import { CircuitStatistics } from './circuit-statistics.js'
import { CircuitStore } from './circuit-store.js'
import { PermittedCalls } from './permitted-calls.js'
import { StoredCalls, type StoredRules } from './stored-calls.js'

/**
 * Stops calls to a failing service.
 *
 * closed: calls go through; `failureThreshold` failures in a row open the circuit.
 * open: calls fail with a `CircuitOpenError` and do not run, for `resetTimeout` ms from the last failure.
 * half-open: one call at a time goes through, and another one when it takes longer than `resetTimeout`, because it may hang;
 * `successThreshold` successes close the circuit, one failure opens it again.
 *
 * With a provider, the state is loaded before the first call and stored at every change, so the reset timeout also runs
 * during a restart. Time in this process is monotonic; only the stored times are wall time.
 */
export class CircuitBreaker {
  readonly resetTimeout: number
  readonly successThreshold: number
  readonly #signal: AbortSignal | undefined
  readonly #events: CircuitEvents
  readonly #statistics: CircuitStatistics
  readonly #machine: CircuitMachine
  readonly #calls: CircuitCalls

  /**
   * @param signal Once it is aborted, `execute` runs no more functions.
   * @throws TypeError for an unknown option name and for an invalid number.
   */
  constructor(options: CircuitBreakerOptions = {}, signal?: AbortSignal, report: Reporter = ignoreReport) {
    checkBreakerOptions(options)
    const { provider, key } = options
    if (provider !== undefined && key === undefined) {
      throw new Error(`CircuitBreaker 'key' is required when using a persistence provider`)
    }
    this.#signal = signal
    this.resetTimeout = options.resetTimeout ?? DEFAULT_RESET_TIMEOUT
    this.successThreshold = options.successThreshold ?? 1
    this.#events = new CircuitEvents(options, report)
    this.#statistics = new CircuitStatistics(options)
    const { window } = this.#statistics
    const rules = {
      resetTimeout: this.resetTimeout,
      successThreshold: this.successThreshold,
      failureThreshold: () => this.failureThreshold,
    }
    this.#machine = new CircuitMachine({
      ...rules,
      window,
      onChange: (from, to, failureCount) => {
        this.#calls.stateChanged(to)
        this.#events.emitChange(from, to, failureCount)
      },
    })
    this.#calls =
      provider === undefined || key === undefined
        ? new LocalCalls(this.#machine)
        : callsOverStore(provider, key, report, this.#machine, { ...rules, countsInWindow: window !== undefined })
  }

  /** The state. It is `half-open` as soon as the reset timeout is over, although the event comes with the next call. */
  get currentState(): CircuitState {
    return this.#machine.resetDue ? 'half-open' : this.#machine.state
  }

  get failureCount(): number {
    return this.#machine.failures
  }

  /** Successes since the circuit went half-open. */
  get successCount(): number {
    return this.#machine.successes
  }

  get failureThreshold(): number {
    return this.#statistics.failureThreshold
  }

  /** The error rate, 0 to 1, of the adaptive window, or else of the sliding one; 0 without either. */
  get errorRate(): number {
    return this.#statistics.errorRate
  }

  /**
   * Runs `fn` unless the circuit is open.
   *
   * @param isNeutral Returns whether an error of `fn` does not count as a failure of the service, for example an abort.
   * @throws the error of `fn`, and a `CircuitOpenError` if the circuit does not let it run.
   */
  async execute<T>(fn: () => T | PromiseLike<T>, isNeutral?: (error: unknown) => boolean): Promise<T> {
    if (this.#signal?.aborted) throw new AbortError(this.#signal.reason)
    const admitted = this.#calls.admit()
    // No needless await, so that `fn` starts inside this call unless the store has to be read.
    const call = admitted instanceof Promise ? await admitted : admitted
    let value: T
    try {
      value = await fn()
    } catch (error) {
      if (isNeutral?.(error)) await this.#calls.ended(call, 'neutral')
      else await this.#ended(call, 'failed')
      throw error
    }
    await this.#ended(call, 'succeeded')
    return value
  }

  /** Calls `listener` at every `event`. Returns the unsubscriber. */
  on<Event extends keyof CircuitBreakerEvents>(event: Event, listener: CircuitListener<Event>): () => void {
    return this.#events.on(event, listener)
  }

  off<Event extends keyof CircuitBreakerEvents>(event: Event, listener: CircuitListener<Event>): void {
    this.#events.off(event, listener)
  }

  /** Calls `listener` at the next `event` only. Returns the unsubscriber. */
  once<Event extends keyof CircuitBreakerEvents>(event: Event, listener: CircuitListener<Event>): () => void {
    return this.#events.once(event, listener)
  }

  /** Closes the circuit without an event. Resolves when the store is updated. Never rejects. */
  async reset(): Promise<void> {
    this.#machine.forget()
    await this.#calls.reset()
  }

  /** Removes the listeners and clears the local state. The stored state stays. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#calls.disconnect()
    this.#machine.forget()
    this.#events.clear()
  }

  async #ended(call: AdmittedCall, outcome: 'succeeded' | 'failed'): Promise<void> {
    const failed = outcome === 'failed'
    // The windows count every outcome, even one that comes too late to count for the circuit.
    const adapted = this.#statistics.record(failed)
    if (adapted) this.#events.emitAdapted(this.failureThreshold, this.errorRate)
    await this.#calls.ended(call, outcome)
    this.#events.emit(failed ? 'failure' : 'success')
  }
}

function callsOverStore(
  provider: CircuitBreakerStateProvider,
  key: string,
  report: Reporter,
  machine: CircuitMachine,
  rules: StoredRules,
): CircuitCalls {
  const store = new CircuitStore(provider, key, report)
  return PermittedCalls.areGivenBy(provider)
    ? new PermittedCalls(provider, key, store, machine, rules)
    : new StoredCalls(store, machine, rules)
}
