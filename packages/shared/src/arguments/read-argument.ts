import { isError } from '../errors/is-error.js'
import { PersistenceError, type PersistenceErrorCode } from '../errors/persistence-error.js'
import { shown } from './invalid.js'

/**
 * Runs code of the caller: a getter, an iterator, the trap of a Proxy.
 *
 * @throws PersistenceError `code`, with the error that the code threw as the cause.
 */
export function readArgument<Result>(
  read: () => Result,
  operation: string,
  name: string,
  code: PersistenceErrorCode = 'INVALID_ARGUMENT',
): Result {
  try {
    return read()
  } catch (cause) {
    throw unreadable(cause, operation, name, code)
  }
}

/**
 * Returns the named members of an argument as a plain object, after reading each exactly once.
 *
 * @throws PersistenceError like {@link readArgument}.
 */
export function readMembers<Argument extends object, Name extends keyof Argument & string>(
  argument: Argument,
  names: readonly Name[],
  operation: string,
  owner: string,
  code: PersistenceErrorCode = 'INVALID_ARGUMENT',
): Pick<Argument, Name> {
  const members: Partial<Argument> = {}
  let reading = ''
  try {
    for (const name of names) {
      reading = name
      const value = argument[name]
      if (value !== undefined) members[name] = value
    }
  } catch (cause) {
    throw unreadable(cause, operation, owner + reading, code)
  }
  return members as Pick<Argument, Name>
}

function unreadable(cause: unknown, operation: string, name: string, code: PersistenceErrorCode): PersistenceError {
  const message = `${operation}: ${name} must be readable, but reading it threw (${reasonOf(cause)}); pass plain values`
  return new PersistenceError(code, operation, message, cause)
}

/** Returns the message of an error. Does not throw when `message` does. */
export function reasonOf(cause: unknown): string {
  try {
    return isError(cause) ? String(cause.message) : shown(cause)
  } catch {
    // The `message` getter is also code of the caller.
    return 'an error'
  }
}
