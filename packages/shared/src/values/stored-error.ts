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
function errorMembers(error: Error, read: Read): StoredMember[] {
  const members: StoredMember[] = []
  for (const name of Object.getOwnPropertyNames(error)) {
    // Not even its descriptor is read: for that, the engine makes a text of the message, which may be an array.
    if (name === 'stack') continue
    const descriptor = Object.getOwnPropertyDescriptor(error, name) ?? {}
    const isText = typeof descriptor.value === 'string' && descriptor.enumerable !== true
    if (isText && (name === 'message' || name === 'name')) continue
    if (descriptor.enumerable === true) members.push([name, read(error, name), true])
    else if ('value' in descriptor && typeof descriptor.value !== 'function' && !PLACES.has(name))
      members.push([name, descriptor.value, false])
  }
  return members
}

/** @param read Reads a member that may be a getter. */
export function reduceError(error: Error, read: Read = (_, name) => error[name as keyof Error]): StoredError {
  const given: unknown = error.name
  const name = builtInClass(error) ?? textOf(given)
  const members = errorMembers(error, read)
  // An error may have another name than its class, also one that an app's class gives to all of its errors.
  const isOther = typeof given === 'string' && given !== name && !members.some(([member]) => member === 'name')
  if (isOther) members.push(['name', given, false])
  return { name, message: textOf(error.message), members }
}

type Read = (error: Error, name: string) => unknown

/** Returns the name of the class that the reader makes again: that of the error, or the one that its class extends. */
function builtInClass(error: Error): string | undefined {
  for (let at: object | null = Object.getPrototypeOf(error); at !== null; at = Object.getPrototypeOf(at)) {
    const { value } = Object.getOwnPropertyDescriptor(at, 'constructor') ?? {}
    if (typeof value === 'function' && ERROR_CLASSES.has(value.name)) return value.name
  }
  return undefined
}

/** Anything else is a member, and to make a text of it may run the app's code, or take minutes for a long array. */
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

export function reviveError(stored: StoredError): Error {
  const error = ERROR_CLASSES.get(stored.name)?.(stored.message) ?? new Error(stored.message)
  const given = textOf(stored.members.find(([name]) => name === 'name')?.[1])
  // First, because for this the engine, too, makes a text of the message that the error has at the time.
  define(error, 'stack', `${given || stored.name}: ${stored.message}`, false)
  if (error.name !== stored.name) define(error, 'name', stored.name, false)
  for (const [name, value, enumerable] of stored.members) define(error, name, value, enumerable)
  return error
}

export function define(target: object, name: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(target, name, { value, enumerable, configurable: true, writable: true })
}

/** Runtimes without the class get an Error of that name, with the same members. */
function suppressedError(message: string): Error {
  return typeof SuppressedError === 'function' ? new SuppressedError(undefined, undefined, message) : new Error(message)
}
