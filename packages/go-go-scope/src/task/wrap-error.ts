import { AbortError, CircuitOpenError, UnknownError } from '../errors/error-classes.js'
import { isError } from '../errors/is-error.js'
import { messageOf, type Reporter } from '../errors/reporter.js'
import type { ErrorClass, TaskOptions } from './task-options.js'

/**
 * Returns the error of a task's result for a thrown value. Never returns a falsy value, which `if (error)` takes for a
 * success, and never throws, although a thrown value may be a revoked Proxy or have getters that throw, and a class of the
 * app may throw in its constructor or its instanceof check. Such a throw is reported, and the value is wrapped.
 */
export function wrapError(thrown: unknown, options: TaskOptions, report: Reporter): unknown {
  try {
    const unwrapped = passedOn(thrown, options)
    if (unwrapped !== undefined) return unwrapped
  } catch (error) {
    report('error of a task', error)
  }
  return wrapIn(options.errorClass ?? options.systemErrorClass ?? UnknownError, thrown, report)
}

/** Returns the error if it needs no wrapper; `undefined` if the thrown value needs one. */
function passedOn(thrown: unknown, { errorClass, systemErrorClass }: TaskOptions): unknown {
  if (errorClass !== undefined) return thrown instanceof errorClass ? thrown : undefined
  if (thrown instanceof AbortError) {
    return systemErrorClass !== undefined || !thrown.reason ? thrown : thrown.reason
  }
  // In go-go-scope 2.9 an open circuit is a plain error, which `systemErrorClass` wraps.
  if (systemErrorClass !== undefined && thrown instanceof CircuitOpenError) return undefined
  return isOfItsOwnKind(thrown) ? thrown : undefined
}

/** Whether `thrown` is an instance of a subclass of Error, in any realm, or has a `_tag`. */
function isOfItsOwnKind(thrown: unknown): boolean {
  if (typeof thrown !== 'object' || thrown === null) return false
  if ('_tag' in thrown) return true
  // Above a plain error are only `Error.prototype` and `Object.prototype`.
  return isError(thrown) && prototypeOf(prototypeOf(prototypeOf(thrown))) !== null
}

const prototypeOf = (value: object | null): object | null => value && Object.getPrototypeOf(value)

function wrapIn(Wrapper: ErrorClass, thrown: unknown, report: Reporter): Error {
  const message = messageOf(thrown)
  try {
    return new Wrapper(message, { cause: thrown })
  } catch (error) {
    report('errorClass', error)
    return new UnknownError(message, { cause: thrown })
  }
}
