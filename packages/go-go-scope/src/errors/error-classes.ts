/** Wraps a failure without a type of its own: a plain `Error` or a thrown non-error, which is its `cause`. */
export class UnknownError extends Error {
  readonly _tag = 'UnknownError' as const
  override readonly name = 'UnknownError'
}

/** Carries the reason of an abort, which may be any value, `undefined` included. */
export class AbortError extends Error {
  readonly _tag = 'AbortError' as const
  override readonly name = 'AbortError'
  readonly reason: unknown

  constructor(reason?: unknown) {
    super(typeof reason === 'string' ? reason : 'aborted')
    this.reason = reason
  }
}

/**
 * A circuit breaker is open and did not run the function. The result of a task holds it unwrapped, so that an app can
 * tell it from a failure of the function.
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
