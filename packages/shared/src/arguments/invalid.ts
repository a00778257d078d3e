import { PersistenceError, type PersistenceErrorCode } from '../errors/persistence-error.js'

const LONGEST = 100
// The first of two surrogates, left when a text was cut between them.
const HALF_CHARACTER = /[\uD800-\uDBFF]$/

/** Returns a short text for any value in an error message. Unlike JSON.stringify it never throws. */
export function shown(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'symbol') return String(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return 'a function'
  try {
    const tag = tagOf(value)
    if (tag === 'Promise') return NOT_AWAITED
    const text = JSON.stringify(value) ?? String(value)
    if (text === '{}' && tag !== 'Object') return `an object (${tag})`
    return text.length > LONGEST ? `${text.slice(0, LONGEST).replace(HALF_CHARACTER, '')}…` : text
  } catch {
    return 'an object'
  }
}

/**
 * Like {@link shown}, but an object is shown by the name of its class, because the content of an adapter or a port is no help.
 */
export function shownClass(value: unknown): string {
  if (typeof value !== 'object' || value === null || value instanceof Promise) return shown(value)
  try {
    return `an instance of ${value.constructor?.name ?? 'Object'}`
  } catch {
    return 'an object'
  }
}

/** Returns the type of a value for messages: `null` for `null`. */
export function typeName(value: unknown): string {
  if (value instanceof Promise) return NOT_AWAITED
  return value === null ? 'null' : typeof value
}

/** Returns the tag of a value: `Object`, `Promise`, `RegExp`. @throws the error of a Proxy or a getter. */
export function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1)
}

const NOT_AWAITED = 'a promise that was not awaited'

/** Creates the error for an unusable argument. @param problem Names the argument, its value and what is accepted. */
export function invalidArgument(operation: string, problem: string): PersistenceError {
  return new PersistenceError('INVALID_ARGUMENT', operation, `${operation}: ${problem}`)
}

/** Creates the error for an unusable option of an adapter. */
export function invalidOption(name: string, value: unknown, wanted: string): PersistenceError {
  return invalidCallOption('options', name, value, wanted, 'INVALID_OPTION')
}

/** Creates the error for an unusable option of a call. */
export function invalidCallOption(
  operation: string,
  name: string,
  value: unknown,
  wanted: string,
  code: PersistenceErrorCode = 'INVALID_ARGUMENT',
): PersistenceError {
  return new PersistenceError(code, operation, `${operation}: option ${name} must be ${wanted}, got ${shown(value)}`)
}

/** Returns the value of an option that is a time to wait. @throws PersistenceError `code` for anything but ms from 0. */
export function waitingTime(ms: number, operation: string, name: string, code?: PersistenceErrorCode): number {
  if (typeof ms === 'number' && ms >= 0) return ms
  throw invalidCallOption(operation, name, ms, 'a number of ms from 0', code)
}

/** Returns the value of an option that is a flag. @throws PersistenceError `code` for anything but a boolean. */
export function flagValue(value: boolean, operation: string, name: string, code?: PersistenceErrorCode): boolean {
  if (typeof value === 'boolean') return value
  throw invalidCallOption(operation, name, value, 'true or false', code)
}
