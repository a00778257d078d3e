import type {
  CircuitBreakerPersistedState,
  CircuitBreakerStateProvider,
} from '@go-go-scope/persistence-sqlite-core/ports'
import type { Reporter } from '../errors/reporter.js'
import { callSafely } from '../errors/reporter.js'
import type { CircuitMachine } from './circuit-machine.js'

/**
 * One circuit in a state provider. Writes go out one after the other, in the order of the changes. A provider that
 * fails is reported and otherwise left out: the breaker then works on what it knows by itself, and the task it guards
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

  /** The count over everybody who uses the store; `undefined` when the provider failed. */
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
   * Hears of changes that others made. What arrives while own writes are under way is left out: it may be older than
   * what they say.
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

  /** Calls the provider after all calls before; `undefined` when it failed, which is reported. */
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
  // Left half-open: it has served its time, and whoever probed it is gone.
  if (state === 'half-open') return resetTimeout
  return Math.max(0, Date.now() - (lastFailureTime ?? Date.now()))
}

/** The circuit as it is now, for the store. */
export function snapshot({ state, failures, openFor }: CircuitMachine): CircuitBreakerPersistedState {
  const lastFailureTime = state === 'closed' ? Date.now() : Math.round(Date.now() - openFor)
  return { state, failureCount: failures, lastFailureTime }
}
