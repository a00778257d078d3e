import type { CircuitBreakerPersistedState, CircuitBreakerStateProvider } from 'go-go-scope'

type Listener = (state: CircuitBreakerPersistedState) => void

/** The circuit-breaker port in memory. */
export class MemoryCircuitProvider implements CircuitBreakerStateProvider {
  readonly states = new Map<string, CircuitBreakerPersistedState>()
  readonly calls: string[] = []
  readonly #listeners = new Map<string, Set<Listener>>()

  async getState(key: string): Promise<CircuitBreakerPersistedState | null> {
    this.calls.push(`getState ${key}`)
    return structuredClone(this.states.get(key)) ?? null
  }

  async setState(key: string, state: CircuitBreakerPersistedState): Promise<void> {
    this.calls.push(`setState ${key} ${state.state}`)
    this.#put(key, structuredClone(state))
  }

  async recordFailure(key: string, maxFailures: number): Promise<number> {
    this.calls.push(`recordFailure ${key}`)
    const before = this.states.get(key) ?? { state: 'closed', failureCount: 0 }
    const failureCount = before.failureCount + 1
    const opens = before.state !== 'closed' || failureCount >= maxFailures
    this.#put(key, { ...before, failureCount, lastFailureTime: Date.now(), state: opens ? 'open' : 'closed' })
    return failureCount
  }

  async recordSuccess(key: string): Promise<void> {
    this.calls.push(`recordSuccess ${key}`)
    this.#put(key, { state: 'closed', failureCount: 0, lastSuccessTime: Date.now() })
  }

  subscribe(key: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(key) ?? new Set()
    this.#listeners.set(key, listeners.add(listener))
    return () => listeners.delete(listener)
  }

  listeners(key: string): number {
    return this.#listeners.get(key)?.size ?? 0
  }

  #put(key: string, state: CircuitBreakerPersistedState): void {
    this.states.set(key, state)
    for (const listener of this.#listeners.get(key) ?? []) listener(structuredClone(state))
  }
}
