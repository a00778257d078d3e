/** Stored state of one circuit. */
export interface CircuitBreakerPersistedState {
  state: 'closed' | 'open' | 'half-open'
  /** Consecutive failures. */
  failureCount: number
  /** Epoch ms; absent when it was never given. */
  lastFailureTime?: number
  /** Epoch ms; absent when it was never given. */
  lastSuccessTime?: number
}

/** Circuit-breaker state shared by all users of the same store. */
export interface CircuitBreakerStateProvider {
  /** `null` for a key that was never stored. */
  getState(key: string): Promise<CircuitBreakerPersistedState | null>
  /** Replaces the whole state; a time that `state` lacks is cleared. */
  setState(key: string, state: CircuitBreakerPersistedState): Promise<void>
  /**
   * Adds one failure and opens the circuit when the count reaches `maxFailures` or the circuit is half-open.
   *
   * @returns the new count; N concurrent calls count exactly N.
   */
  recordFailure(key: string, maxFailures: number): Promise<number>
  /** Closes the circuit: count 0, last success now, last failure forgotten. */
  recordSuccess(key: string): Promise<void>
  /** Calls `listener` after each change of `key`; returns the unsubscriber. */
  subscribe?(key: string, listener: (state: CircuitBreakerPersistedState) => void): () => void
}
