/** Classes come from this list, never from the data. */
const ERROR_CLASSES: ReadonlyMap<string, (message: string) => Error> = new Map([
  ['AggregateError', (message) => new AggregateError([], message)],
  ['EvalError', (message) => new EvalError(message)],
  ['RangeError', (message) => new RangeError(message)],
  ['ReferenceError', (message) => new ReferenceError(message)],
  ['SuppressedError', suppressedError],
  ['SyntaxError', (message) => new SyntaxError(message)],
  ['TypeError', (message) => new TypeError(message)],
  ['URIError', (message) => new URIError(message)],
])

// Added to errors by engines: positions in files of the machine that wrote them.
const PLACES: ReadonlySet<string> = new Set(['line', 'column', 'sourceURL', 'originalLine', 'originalColumn'])

export type StoredMember = [name: string, value: unknown, enumerable: boolean]

export interface StoredError {
  name: string
  message: string
  members: StoredMember[]
}

/**
 * Returns the own members besides the stack and the usual name and message, which are hidden texts: cause, code, errors and other
 * added members. Non-enumerable methods and what the engine adds are not data.
 */
function errorMembers(error: Error): StoredMember[] {
  const members: StoredMember[] = []
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(error))) {
    if (name === 'stack') continue
    const isText = typeof descriptor.value === 'string' && descriptor.enumerable !== true
    if (isText && (name === 'message' || name === 'name')) continue
    if (descriptor.enumerable === true) members.push([name, error[name as keyof Error], true])
    else if ('value' in descriptor && typeof descriptor.value !== 'function' && !PLACES.has(name))
      members.push([name, descriptor.value, false])
  }
  return members
}

export function reduceError(error: Error): StoredError {
  return { name: String(error.name), message: String(error.message), members: errorMembers(error) }
}

export function reviveError(stored: StoredError): Error {
  const error = ERROR_CLASSES.get(stored.name)?.(stored.message) ?? new Error(stored.message)
  if (error.name !== stored.name) define(error, 'name', stored.name, false)
  for (const [name, value, enumerable] of stored.members) define(error, name, value, enumerable)
  define(error, 'stack', `${stored.name}: ${stored.message}`, false)
  return error
}

export function define(target: object, name: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(target, name, { value, enumerable, configurable: true, writable: true })
}

/** Runtimes without the class get an Error of that name, with the same members. */
function suppressedError(message: string): Error {
  return typeof SuppressedError === 'function' ? new SuppressedError(undefined, undefined, message) : new Error(message)
}
