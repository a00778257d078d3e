/** Every way an operation of this family can fail. */
export type PersistenceErrorCode =
  | 'BUSY'
  | 'CANNOT_OPEN'
  | 'CLAIM_LOST'
  | 'CLOSED'
  | 'CONSTRAINT'
  | 'CORRUPT'
  | 'DISCONNECTED'
  | 'DISK_FULL'
  | 'ENGINE_MISSING'
  | 'ENGINE_UNSUPPORTED'
  | 'FILE_REPLACED'
  | 'FINGERPRINT_MISMATCH'
  | 'FOREIGN_TABLE'
  | 'INVALID_ARGUMENT'
  | 'INVALID_KEY'
  | 'INVALID_OPTION'
  | 'INVALID_TTL'
  | 'IO_ERROR'
  | 'LOCK_LOST'
  | 'NOT_A_DATABASE'
  | 'QUEUE_FULL'
  | 'READ_ONLY'
  | 'RESULT_NOT_STORED'
  | 'SCHEMA_MISSING'
  | 'SCHEMA_NEWER'
  | 'SECOND_COPY'
  | 'SECOND_LIBRARY'
  | 'SQL'
  | 'VALUE_NOT_SERIALIZABLE'
  | 'VALUE_TOO_LARGE'
  | 'VALUE_UNREADABLE'
  | 'VERSION_MISMATCH'

const RETRYABLE: ReadonlySet<PersistenceErrorCode> = new Set(['BUSY', 'QUEUE_FULL'])

/**
 * The one error this family rejects with.
 *
 * `cause` is the engine's own error, unaltered, when an engine raised one. `retryable` says that the same call may
 * succeed later without any change by the caller.
 */
export class PersistenceError extends Error {
  readonly _tag = 'PersistenceError' as const
  readonly code: PersistenceErrorCode
  /** The call that failed, for example `cache.set`. */
  readonly operation: string
  readonly retryable: boolean

  constructor(code: PersistenceErrorCode, operation: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'PersistenceError'
    this.code = code
    this.operation = operation
    this.retryable = RETRYABLE.has(code)
  }
}

/** Makes the typed error of what a driver threw during `operation`; a {@link PersistenceError} comes through as it is. */
export type Classify = (error: unknown, operation: string) => PersistenceError
