import { DisconnectedError } from './disconnected-error.js'
import { PersistenceError, problemOf } from './persistence-error.js'

/** Returns the same failure as an error of another operation, because one cause may fail several calls. */
export function failureOf(error: PersistenceError, operation: string): PersistenceError {
  if (error.operation === operation) return error
  const message = `${operation}: ${problemOf(error)}`
  return error instanceof DisconnectedError
    ? new DisconnectedError(operation, error.outcome, message)
    : new PersistenceError(error.code, operation, message, error.cause)
}
