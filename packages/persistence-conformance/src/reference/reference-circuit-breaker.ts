import type { CircuitBreakerPersistedState, CircuitBreakerStateProvider } from '@go-go-scope/persistence-core/ports'

export class ReferenceCircuitBreaker implements CircuitBreakerStateProvider {
  readonly #states = new Map<string, CircuitBreakerPersistedState>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  async getState(key: string): Promise<CircuitBreakerPersistedState | null> {
    return this.#states.get(key) ?? null
  }

  async setState(key: string, state: CircuitBreakerPersistedState): Promise<void> {
    this.#states.set(key, { ...state })
  }

  async recordFailure(key: string, maxFailures: number): Promise<number> {
    const before = this.#states.get(key) ?? { state: 'closed', failureCount: 0 }
    const failureCount = before.failureCount + 1
    const opens = before.state !== 'closed' || failureCount >= maxFailures
    const state = opens ? 'open' : 'closed'
    this.#states.set(key, { ...before, state, failureCount, lastFailureTime: this.#now() })
    return failureCount
  }

  async recordSuccess(key: string): Promise<void> {
    this.#states.set(key, { state: 'closed', failureCount: 0, lastSuccessTime: this.#now() })
  }
}
