/** Every way in which an operation of this family can fail. */
export type PersistenceErrorCode =
  | 'BACKUP_DAMAGED'
  | 'BUSY'
  | 'CANNOT_OPEN'
  | 'CHANGESET_CONFLICT'
  | 'CIRCUIT_OPEN'
  | 'CLAIM_LOST'
  | 'CLOSED'
  | 'CONSTRAINT'
  | 'CORRUPT'
  | 'DISCONNECTED'
  | 'DISK_FULL'
  | 'DIVERGED'
  | 'ENGINE_MISSING'
  | 'ENGINE_UNSUPPORTED'
  | 'FILE_EXISTS'
  | 'FILE_IN_USE'
  | 'FILE_REPLACED'
  | 'FINGERPRINT_MISMATCH'
  | 'FOREIGN_TABLE'
  | 'INVALID_ARGUMENT'
  | 'INVALID_KEY'
  | 'INVALID_OPTION'
  | 'INVALID_TTL'
  | 'IO_ERROR'
  | 'LOCK_LOST'
  | 'LOG_TOO_LARGE'
  | 'MOVED'
  | 'NOT_A_BACKUP'
  | 'NOT_A_DATABASE'
  | 'NOT_FOLLOWING'
  | 'OUTCOME_UNKNOWN'
  | 'QUEUE_FULL'
  | 'READ_ONLY'
  | 'RESULT_NOT_STORED'
  | 'SCHEMA_MISSING'
  | 'SCHEMA_NEWER'
  | 'SECOND_COPY'
  | 'SECOND_LIBRARY'
  | 'SQL'
  | 'UNAVAILABLE'
  | 'VALUE_NOT_SERIALIZABLE'
  | 'VALUE_TOO_LARGE'
  | 'VALUE_UNREADABLE'
  | 'VERSION_MISMATCH'
  | 'WAL_NEEDED'

const RETRYABLE: ReadonlySet<PersistenceErrorCode> = new Set(['BUSY', 'QUEUE_FULL', 'UNAVAILABLE'])

/**
 * The only error type with which this family rejects.
 *
 * `cause` is the unaltered error of the engine, if the engine raised one.
 */
export class PersistenceError extends Error {
  readonly _tag = 'PersistenceError' as const
  /** The kind of the failure. Match on it: messages may change. */
  readonly code: PersistenceErrorCode
  /** The call that failed, for example `cache.set`. */
  readonly operation: string
  /** Whether the same call may succeed later without any change. */
  readonly retryable: boolean

  constructor(code: PersistenceErrorCode, operation: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'PersistenceError'
    this.code = code
    this.operation = operation
    this.retryable = RETRYABLE.has(code)
  }
}

/** Returns whether `error` is an error of this family with that code. */
export function hasCode(error: unknown, code: PersistenceErrorCode): error is PersistenceError {
  return error instanceof PersistenceError && error.code === code
}

/** Returns the message of an error without the operation at its beginning. */
export function problemOf({ message, operation }: PersistenceError): string {
  const prefix = `${operation}: `
  return message.startsWith(prefix) ? message.slice(prefix.length) : message
}

/** Converts what a driver threw during `operation` to the typed error. Returns a {@link PersistenceError} unchanged. */
export type Classify = (error: unknown, operation: string) => PersistenceError
