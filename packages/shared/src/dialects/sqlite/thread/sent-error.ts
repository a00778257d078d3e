import { PersistenceError, type PersistenceErrorCode } from '../../../errors/persistence-error.js'

/** An error as it crosses to another thread: a structured clone drops the class and its members. */
export type SentError =
  | {
      readonly code: PersistenceErrorCode
      readonly operation: string
      readonly message: string
      readonly cause?: Error
    }
  | { readonly other: unknown }

export function sendable(error: unknown): SentError {
  if (!(error instanceof PersistenceError)) return { other: plain(error) }
  const { code, operation, message, cause } = error
  return { code, operation, message, ...(cause === undefined ? {} : { cause: plain(cause) }) }
}

export function received(error: SentError): unknown {
  if ('other' in error) return error.other
  return new PersistenceError(error.code, error.operation, error.message, error.cause)
}

/** What every runtime can clone. */
function plain(error: unknown): Error {
  return error instanceof Error ? new Error(error.message) : new Error(String(error))
}
