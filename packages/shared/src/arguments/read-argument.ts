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
 * The named members of an argument, each read once, as a plain object.
 *
 * @throws PersistenceError as {@link readArgument}.
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

/** The message of an error, also of one whose `message` throws. */
export function reasonOf(cause: unknown): string {
  try {
    return cause instanceof Error ? String(cause.message) : shown(cause)
  } catch {
    // Its message is code of the caller's too.
    return 'an error'
  }
}
