/** A value that the default codec refuses. `path` is the path to the member, for example `.orders[3].total`. */
export class UnstorableError extends Error {
  readonly path: string

  constructor(message: string, path: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'UnstorableError'
    this.path = path
  }
}
