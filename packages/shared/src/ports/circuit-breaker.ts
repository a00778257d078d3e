/** Stored state of one circuit. */
export interface CircuitBreakerPersistedState {
  state: 'closed' | 'open' | 'half-open'
  /** Consecutive failures. */
  failureCount: number
  /** Epoch ms; absent when it was never set. */
  lastFailureTime?: number
  /** Epoch ms; absent when it was never set. */
  lastSuccessTime?: number
}

/** Circuit-breaker state shared by all users of the same store. */
export interface CircuitBreakerStateProvider {
  /** Returns the stored state, or `null` for a key that was never stored. */
  getState(key: string): Promise<CircuitBreakerPersistedState | null>
  /** Replaces the whole state; a time that `state` lacks is cleared. */
  setState(key: string, state: CircuitBreakerPersistedState): Promise<void>
  /**
   * Adds one failure. Opens the circuit when the count reaches `maxFailures` or the circuit is half-open.
   *
   * @returns the new count; N concurrent calls count exactly N.
   */
  recordFailure(key: string, maxFailures: number): Promise<number>
  /** Closes the circuit: sets the count to 0 and the last success to now, and clears the last failure. */
  recordSuccess(key: string): Promise<void>
  /** Calls `listener` after each change of `key`. Returns a function that unsubscribes. */
  subscribe?(key: string, listener: (state: CircuitBreakerPersistedState) => void): () => void
}
