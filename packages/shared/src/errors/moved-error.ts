import { PersistenceError } from './persistence-error.js'

/**
 * The error of a store that the command `copy` has left.
 *
 * @param to What has its rows now, in words, without a password.
 */
export function movedError(operation: string, to: string): PersistenceError {
  return new PersistenceError(
    'MOVED',
    operation,
    `${operation}: this store was moved to ${to}; connect to that; to use this one again, run the command unseal, beside copy, on it`,
  )
}

/** The error of a store that the command `copy` has not filled to its end. @param from What it is filled from. */
export function fillingError(operation: string, from: string): PersistenceError {
  return new PersistenceError(
    'MOVED',
    operation,
    `${operation}: this store is being filled from ${from}; wait for the command copy to end, or run it again with the same arguments`,
  )
}
