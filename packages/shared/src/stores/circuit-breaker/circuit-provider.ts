import type { AdmitOptions, ProbingCircuitBreakerProvider } from '../../ports/probes.js'

/** How {@link SqlCircuitBreakerProvider.run} guards a call. Each call applies its own, so give all calls of a key the same. */
export interface CircuitRunOptions extends Omit<AdmitOptions, 'resetTimeout'> {
  /** ms for which an open circuit refuses every call, counted from the moment it opened. Default 30,000. */
  resetTimeout?: number | undefined
  /** Number of consecutive failures that opens a closed circuit. Default 5. */
  maxFailures?: number | undefined
  /** Number of successful probes that closes a half-open circuit. Default 1. */
  successThreshold?: number | undefined
  /**
   * Returns `false` for an error that says nothing about the service, for example an abort: it is not counted, and a probe frees
   * its slot. If this function throws, the error of the call is counted, and the other one goes to the diagnostics. Default:
   * every error is counted.
   */
  isFailure?: ((error: unknown) => boolean) | undefined
}

/** The circuit-breaker port with the additions of this package. */
export interface SqlCircuitBreakerProvider extends ProbingCircuitBreakerProvider {
  /**
   * Calls `call` if the circuit admits it, and reports the outcome before it settles. If the report fails, its error goes to the
   * diagnostics. The outcome of a probe that takes longer than its `lease` is not counted.
   *
   * @returns the value of `call`.
   * @throws (as a rejection) the error of `call`, unchanged. Without a call: `CircuitOpenError` if the circuit is open, or if it
   *   is half-open and no probe slot is free; PersistenceError `INVALID_KEY`, `INVALID_ARGUMENT`, or the reason why the circuit
   *   cannot be read.
   *
   * @example
   * ```ts
   * const paid = await persistence.circuitBreaker.run('payments', async () => 'paid', { maxFailures: 3, resetTimeout: 30_000 })
   * ```
   */
  run<T>(key: string, call: () => T | Promise<T>, options?: CircuitRunOptions): Promise<T>
}
