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
