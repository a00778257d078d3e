import { AbortError } from '../errors/abort-error.js'
import { messageOf } from '../errors/message-of.js'
import type { Reporter } from '../errors/reporter.js'
import { UnknownError } from '../errors/unknown-error.js'
import type { ErrorClass, TaskOptions } from './task-options.js'

/**
 * What stands in the first place of the result for something thrown. Never `undefined`. An error class whose
 * constructor throws is reported, and an `UnknownError` stands in for it.
 */
export function wrapError(thrown: unknown, { errorClass, systemErrorClass }: TaskOptions, report: Reporter): unknown {
  if (errorClass !== undefined) return thrown instanceof errorClass ? thrown : wrapIn(errorClass, thrown, report)
  if (thrown instanceof AbortError) {
    return systemErrorClass !== undefined || thrown.reason === undefined ? thrown : thrown.reason
  }
  return isOfItsOwnKind(thrown) ? thrown : wrapIn(systemErrorClass ?? UnknownError, thrown, report)
}

function wrapIn(Wrapper: ErrorClass, thrown: unknown, report: Reporter): Error {
  try {
    return new Wrapper(messageOf(thrown), { cause: thrown })
  } catch (error) {
    report('errorClass', error)
    return new UnknownError(messageOf(thrown), { cause: thrown })
  }
}

/** A subclass of Error, or anything tagged. */
function isOfItsOwnKind(thrown: unknown): boolean {
  if (typeof thrown !== 'object' || thrown === null) return false
  if ('_tag' in thrown) return true
  return thrown instanceof Error && Object.getPrototypeOf(thrown) !== Error.prototype
}
