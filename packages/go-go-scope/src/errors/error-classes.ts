/** Wraps a failure without a type of its own: a plain `Error` or a thrown non-error. The failure is the `cause`. */
export class UnknownError extends Error {
  readonly _tag = 'UnknownError' as const
  override readonly name: string = 'UnknownError'
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
 * The error when a circuit breaker is open and did not run the function. Task results hold it unwrapped, so that an app
 * can distinguish it from a failure of the function, unless the task has an `errorClass` or `systemErrorClass`. It is an
 * `UnknownError`, which is what go-go-scope 2.9 gives here.
 */
export class CircuitOpenError extends UnknownError {
  override readonly name = 'CircuitOpenError'
  /**
   * Epoch ms from which a retry makes sense: the end of the reset timeout, or the deadline of the running probe.
   * `Infinity` if the circuit is isolated in the store and stays open until it is reset.
   */
  readonly retryAt: number

  constructor(retryAt: number) {
    super('Circuit breaker is open')
    this.retryAt = retryAt
  }
}
