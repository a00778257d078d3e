/** Stands for a failure without a type of its own: a plain `Error` or a thrown non-error, kept as `cause`. */
export class UnknownError extends Error {
  readonly _tag = 'UnknownError' as const
  override readonly name = 'UnknownError'
}
