import { PersistenceError } from '../errors/persistence-error.js'

const LONGEST = 100
// The first of the two units of a character, where a text was cut between them.
const HALF_CHARACTER = /[\uD800-\uDBFF]$/

/** Any value in the few characters an error message has for it; unlike JSON.stringify it never throws. */
export function shown(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'symbol') return String(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return 'a function'
  try {
    const kind = kindOf(value)
    if (kind === 'Promise') return NOT_AWAITED
    const text = JSON.stringify(value) ?? String(value)
    if (text === '{}' && kind !== 'Object') return `an object (${kind})`
    return text.length > LONGEST ? `${text.slice(0, LONGEST).replace(HALF_CHARACTER, '')}…` : text
  } catch {
    return 'an object'
  }
}

/** As {@link shown}, but of an object the name of its class: what is in an adapter or a port says nothing. */
export function shownClass(value: unknown): string {
  if (typeof value !== 'object' || value === null || value instanceof Promise) return shown(value)
  try {
    return `an instance of ${value.constructor?.name ?? 'Object'}`
  } catch {
    return 'an object'
  }
}

/** The type of a value as messages name it: that of `null` is `null`. */
export function typeName(value: unknown): string {
  if (value instanceof Promise) return NOT_AWAITED
  return value === null ? 'null' : typeof value
}

/** `Object`, `Promise`, `RegExp`, as the language names what a value is. @throws what a Proxy or a getter throws. */
export function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1)
}

const NOT_AWAITED = 'a promise that was not awaited'

/** The error for an argument that cannot be used. @param problem Names the argument, its value and what it takes. */
export function invalidArgument(operation: string, problem: string): PersistenceError {
  return new PersistenceError('INVALID_ARGUMENT', operation, `${operation}: ${problem}`)
}

/** The error for an option that cannot be used. */
export function invalidOption(name: string, value: unknown, wanted: string): PersistenceError {
  const problem = `option ${name} must be ${wanted}, got ${shown(value)}`
  return new PersistenceError('INVALID_OPTION', 'options', `options: ${problem}`)
}
