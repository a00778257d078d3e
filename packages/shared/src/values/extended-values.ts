import { parse, stringify } from 'devalue'

/**
 * What JSON loses, held by devalue: undefined, Date, BigInt, Map, Set, RegExp, NaN, infinities, -0, bytes, cycles.
 * Added here: Error with cause and code, members named `__proto__`, and views that show a part of a buffer. Classes
 * come from the closed lists below, never from the data.
 */
const ERROR_CLASSES: ReadonlyMap<string, ErrorConstructor> = new Map([
  ['EvalError', EvalError],
  ['RangeError', RangeError],
  ['ReferenceError', ReferenceError],
  ['SyntaxError', SyntaxError],
  ['TypeError', TypeError],
  ['URIError', URIError],
])

const VIEW_CLASSES: Readonly<Record<string, new (buffer: ArrayBuffer) => ArrayBufferView>> = {
  BigInt64Array,
  BigUint64Array,
  DataView,
  Float32Array,
  Float64Array,
  Int16Array,
  Int32Array,
  Int8Array,
  Uint16Array,
  Uint32Array,
  Uint8Array,
  Uint8ClampedArray,
}

interface StoredError {
  name: string
  message: string
  /** Own members besides name, message and stack: cause, code, errors and what else was put on it. */
  members: [string, unknown, enumerable: boolean][]
}

function reduceError(value: unknown): StoredError | false {
  if (!(value instanceof Error)) return false
  const members: StoredError['members'] = []
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
    // The stack names files of the machine that wrote it, and means nothing to the one that reads it.
    if (name === 'stack' || name === 'message' || name === 'name' || !('value' in descriptor)) continue
    // Engines put `line`, `column` and `sourceURL` on errors as numbers or texts of the writing process.
    if (descriptor.enumerable !== true && name !== 'cause' && name !== 'errors') continue
    members.push([name, descriptor.value, descriptor.enumerable === true])
  }
  return { name: value.name, message: value.message, members }
}

function reviveError(stored: StoredError): Error {
  const Class = ERROR_CLASSES.get(stored.name) ?? Error
  const error = new Class(stored.message)
  if (error.name !== stored.name) define(error, 'name', stored.name, false)
  for (const [name, value, enumerable] of stored.members) define(error, name, value, enumerable)
  define(error, 'stack', `${stored.name}: ${stored.message}`, false)
  return error
}

interface StoredMembers {
  /** Without a prototype. */
  bare: boolean
  entries: [string, unknown][]
}

function reduceProtoMember(value: unknown): StoredMembers | false {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, '__proto__')) return false
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype) return false
  return { bare: prototype === null, entries: Object.entries(value) }
}

function reviveProtoMember({ bare, entries }: StoredMembers): object {
  const record = bare ? Object.create(null) : {}
  for (const [name, value] of entries) define(record, name, value, true)
  return record
}

// A Buffer is often a window on a pool it shares with strangers; devalue would store the whole pool.
function reduceView(value: unknown): ArrayBufferView | false {
  if (!ArrayBuffer.isView(value) || value.byteLength === value.buffer.byteLength) return false
  const View = VIEW_CLASSES[Object.prototype.toString.call(value).slice(8, -1)]
  if (View === undefined) return false
  const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  return new View(new Uint8Array(bytes).buffer)
}

function define(target: object, name: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(target, name, { value, enumerable, configurable: true, writable: true })
}

const REDUCERS = { Error: reduceError, Members: reduceProtoMember, View: reduceView }
const REVIVERS = { Error: reviveError, Members: reviveProtoMember, View: (view: ArrayBufferView) => view }

/** @throws DevalueError with the `path` of the member that cannot be held. */
export function encodeExtended(value: unknown): string {
  const text = stringify(value, REDUCERS)
  // A cycle through an error or a `__proto__` member can be written but not read: refuse it now, not at the next start.
  if (text.includes('"Error"') || text.includes('"Members"')) decodeExtended(text)
  return text
}

/** @throws Error for a text that {@link encodeExtended} did not make. */
export function decodeExtended(text: string): unknown {
  return parse(text, REVIVERS)
}
