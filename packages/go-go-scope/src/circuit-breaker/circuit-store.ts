import type { CircuitBreakerPersistedState, CircuitBreakerStateProvider } from '@go-go-scope/persistence-core/ports'
import { callSafely, type Reporter } from '../errors/reporter.js'
import type { CircuitMachine } from './circuit-machine.js'

/**
 * One circuit in a state provider. Writes go out one after the other, in the order of the changes. A failure of the
 * provider is reported and goes no further: the breaker then goes by what this process knows, and the task that it guards
 * keeps its own result.
 */
export class CircuitStore {
  readonly #provider: CircuitBreakerStateProvider
  readonly #key: string
  readonly #report: Reporter
  #last: Promise<unknown> = Promise.resolve()
  #pending = 0

  constructor(provider: CircuitBreakerStateProvider, key: string, report: Reporter) {
    this.#provider = provider
    this.#key = key
    this.#report = report
  }

  /** `undefined` when the provider failed, `null` when it has no such circuit. */
  load(): Promise<CircuitBreakerPersistedState | null | undefined> {
    return this.inOrder(() => this.#provider.getState(this.#key))
  }

  /** The count over all users of the store; `undefined` when the provider failed. */
  recordFailure(threshold: number): Promise<number | undefined> {
    return this.inOrder(() => this.#provider.recordFailure(this.#key, threshold))
  }

  async recordSuccess(): Promise<void> {
    await this.inOrder(() => this.#provider.recordSuccess(this.#key))
  }

  async save(state: CircuitBreakerPersistedState): Promise<void> {
    await this.inOrder(() => this.#provider.setState(this.#key, state))
  }

  /**
   * Calls `listener` at changes by other users of the store. A change that arrives while own writes are under way is
   * skipped, because it may be older than they are.
   */
  subscribe(listener: (state: CircuitBreakerPersistedState) => void): () => void {
    try {
      const off = this.#provider.subscribe?.(this.#key, (state) => {
        if (this.#pending === 0) listener(state)
      })
      return () => void callSafely(this.#report, 'circuitBreaker.unsubscribe', () => off?.())
    } catch (error) {
      this.#report('circuitBreaker.subscribe', error)
      return () => {}
    }
  }

  /** Calls the provider after all earlier calls. `undefined` when it failed, which is reported. */
  inOrder<T>(call: () => Promise<T>): Promise<T | undefined> {
    this.#pending++
    const done = this.#last.then(call).then(
      (value) => {
        this.#pending--
        return value
      },
      (error: unknown) => {
        this.#pending--
        this.#report('circuitBreaker', error)
        return undefined
      },
    )
    this.#last = done
    return done
  }
}

// Time in the process is monotonic; only the stored times are wall time.

/** ms a stored circuit has been open; `undefined` when it is closed. */
export function openFor(
  { state, lastFailureTime }: CircuitBreakerPersistedState,
  resetTimeout: number,
): number | undefined {
  if (state === 'closed') return undefined
  // A process left it half-open and is gone. The reset time is over, so the next call may probe.
  if (state === 'half-open') return resetTimeout
  return Math.max(0, Date.now() - (lastFailureTime ?? Date.now()))
}

/** The present state of the circuit, for the store. */
export function snapshot({ state, failures, openFor }: CircuitMachine): CircuitBreakerPersistedState {
  const lastFailureTime = state === 'closed' ? Date.now() : Math.round(Date.now() - openFor)
  return { state, failureCount: failures, lastFailureTime }
}
