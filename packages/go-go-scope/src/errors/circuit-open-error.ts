/**
 * A circuit breaker is open and did not run the function. It comes through to the result of a task as it is, so it can
 * be told from a failure of the function.
 */
export class CircuitOpenError extends Error {
  readonly _tag = 'CircuitOpenError' as const
  override readonly name = 'CircuitOpenError'
  /**
   * Epoch ms from which a call is worth trying again: the end of the reset time, or the latest end of the probe that is
   * under way. `Infinity` when the store says that the circuit is isolated: it stays open until it is reset.
   */
  readonly retryAt: number

  constructor(retryAt: number) {
    super('Circuit breaker is open')
    this.retryAt = retryAt
  }
}
