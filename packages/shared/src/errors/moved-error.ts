import { PersistenceError } from './persistence-error.js'

/**
 * Creates the error of a store whose rows the command `copy` has moved elsewhere.
 *
 * @param to Where the rows are now, for people, without a password.
 */
export function movedError(operation: string, to: string): PersistenceError {
  return new PersistenceError(
    'MOVED',
    operation,
    `${operation}: this store was moved to ${to}; open that one; to use this one again, run the command unseal of the package that moved it`,
  )
}

/** Creates the error of a store that the command `copy` has not filled completely. @param from The source of the copy. */
export function fillingError(operation: string, from: string): PersistenceError {
  return new PersistenceError(
    'MOVED',
    operation,
    `${operation}: this store is being filled from ${from}; wait for the command copy to end, or run it again with the same arguments`,
  )
}
