import type { CircuitBreakerPersistedState, CircuitBreakerStateProvider } from '@go-go-scope/persistence-core/ports'
import { callSafely, type Reporter } from '../errors/reporter.js'
import type { CircuitMachine } from './circuit-machine.js'

/**
 * One circuit in a state provider. Writes run one after the other, in the order of the changes. A failure of the provider
 * is only reported: the breaker continues with its local state, and the task keeps its own result.
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

  /** Returns the stored state; `null` if there is none, `undefined` if the provider failed. */
  load(): Promise<CircuitBreakerPersistedState | null | undefined> {
    return this.inOrder(() => this.#provider.getState(this.#key))
  }

  /** Counts a failure. Returns the count over all processes; `undefined` if the provider failed. */
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
   * Calls `listener` on changes by other processes. A change that arrives while own writes are running is skipped, because
   * it may be older than they are.
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

  /** Calls the provider after all earlier calls. Reports a failure and then returns `undefined`. */
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

/** Returns how long a stored circuit has been open, in ms; `undefined` if it is closed. */
export function openFor(
  { state, lastFailureTime }: CircuitBreakerPersistedState,
  resetTimeout: number,
): number | undefined {
  if (state === 'closed') return undefined
  // A process left the circuit half-open and has ended. The reset timeout is over, so the next call may probe.
  if (state === 'half-open') return resetTimeout
  return Math.max(0, Date.now() - (lastFailureTime ?? Date.now()))
}

/** Returns the current state of the circuit for the store. */
export function snapshot({ state, failures, openFor }: CircuitMachine): CircuitBreakerPersistedState {
  const lastFailureTime = state === 'closed' ? Date.now() : Math.round(Date.now() - openFor)
  return { state, failureCount: failures, lastFailureTime }
}
