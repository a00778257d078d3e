/** Every way an operation of this family can fail. */
export type PersistenceErrorCode =
  | 'BACKUP_DAMAGED'
  | 'BUSY'
  | 'CANNOT_OPEN'
  | 'CHANGESET_CONFLICT'
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

/** Whether `error` is one of this family with that code. */
export function hasCode(error: unknown, code: PersistenceErrorCode): error is PersistenceError {
  return error instanceof PersistenceError && error.code === code
}

/** What went wrong, in words: the message of an error without the operation that it begins with. */
export function problemOf({ message, operation }: PersistenceError): string {
  const prefix = `${operation}: `
  return message.startsWith(prefix) ? message.slice(prefix.length) : message
}

/** The same failure as an error of another operation: several calls may fail of one cause. */
export function failureOf(error: PersistenceError, operation: string): PersistenceError {
  if (error.operation === operation) return error
  return new PersistenceError(error.code, operation, `${operation}: ${problemOf(error)}`, error.cause)
}

/** Makes the typed error of what a driver threw during `operation`; a {@link PersistenceError} comes through as it is. */
export type Classify = (error: unknown, operation: string) => PersistenceError
