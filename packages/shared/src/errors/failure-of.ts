import { DisconnectedError } from './disconnected-error.js'
import { PersistenceError, problemOf } from './persistence-error.js'
import { SchemaMissingError } from './schema-missing-error.js'

/** Returns the same failure as an error of another operation, because one cause may fail several calls. */
export function failureOf(error: PersistenceError, operation: string): PersistenceError {
  // Connecting needs the tables, whichever call connects.
  if (error.operation === operation || error instanceof SchemaMissingError) return error
  const message = `${operation}: ${problemOf(error)}`
  return error instanceof DisconnectedError
    ? new DisconnectedError(operation, error.outcome, message)
    : new PersistenceError(error.code, operation, message, error.cause)
}
