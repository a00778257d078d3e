import { types } from 'node:util'
import { tagOf } from '../arguments/invalid.js'
import { isError } from '../errors/is-error.js'

/** The classes that the extended form stores besides plain objects, arrays and errors. */
const LEAVES: ReadonlySet<string> = new Set([
  'ArrayBuffer',
  'BigInt',
  'BigInt64Array',
  'BigUint64Array',
  'Boolean',
  'DataView',
  'Date',
  'Float32Array',
  'Float64Array',
  'Int16Array',
  'Int32Array',
  'Int8Array',
  'Number',
  'RegExp',
  'String',
  'URL',
  'URLSearchParams',
  'Uint16Array',
  'Uint32Array',
  'Uint8Array',
  'Uint8ClampedArray',
])
// Omitted, because the oldest supported runtime cannot read them: Float16Array and the classes of Temporal.

/** Returns whether the encoder distinguishes objects by this tag. */
export function isEncodedTag(tag: string): boolean {
  return LEAVES.has(tag) || ['Array', 'Map', 'Set'].includes(tag) || tag.startsWith('Temporal.')
}

const WITH_CONTENT: readonly ((value: unknown) => boolean)[] = [
  ArrayBuffer.isView,
  types.isMap,
  types.isSet,
  types.isDate,
  types.isRegExp,
  types.isBoxedPrimitive,
  types.isAnyArrayBuffer,
  types.isNativeError,
]

/**
 * Returns whether an object has content besides its members, as a Map has. If its prototype was replaced by that of a plain object,
 * only its members would be stored.
 */
export function hasContent(value: object): boolean {
  return WITH_CONTENT.some((hasIt) => hasIt(value))
}

export type Kind = 'object' | 'array' | 'map' | 'set' | 'error' | 'leaf'

/** The usual prototypes, which need no further check. */
const USUAL: ReadonlyMap<unknown, Kind> = new Map<unknown, Kind>([
  [Object.prototype, 'object'],
  [null, 'object'],
  [Map.prototype, 'map'],
  [Set.prototype, 'set'],
  [Date.prototype, 'leaf'],
])

/**
 * Returns the kind of an object in the extended form; `undefined` for an instance of any other class, including subclasses of
 * built-in classes. Built-in classes of another realm, such as that of `node:vm`, are recognized too.
 */
export function kindOf(value: object): Kind | undefined {
  const prototype: object | null = Object.getPrototypeOf(value)
  if (prototype === Array.prototype && Array.isArray(value)) return 'array'
  const usual = USUAL.get(prototype)
  if (usual !== undefined && !types.isNativeError(value)) return usual
  // An error of the app's own class is restored as the built-in class of that name, or as Error.
  if (isError(value)) return 'error'
  if (prototype === null || isBuiltIn(prototype, 'Object')) return 'object'
  if (Array.isArray(value)) return isBuiltIn(prototype, 'Array') ? 'array' : undefined
  const tag = tagOf(value)
  if (!isBuiltIn(prototype, tag) && prototype !== Buffer.prototype) return undefined
  if (tag === 'Map') return 'map'
  if (tag === 'Set') return 'set'
  return LEAVES.has(tag) ? 'leaf' : undefined
}

/** Throws what the encoder would throw without the path: for bytes that were transferred, and for a Date or URL that is none. */
export function readLeaf(value: object): void {
  // Methods, because the bundler drops a constructor or `String` whose result is unused.
  if (value instanceof Date) Date.prototype.getTime.call(value)
  else if (ArrayBuffer.isView(value)) {
    // Transferred bytes are empty. Of others nothing is read, because that takes half as long as encoding a few bytes.
    if (value.byteLength === 0) value.buffer.slice(0, 0)
  } else if (tagOf(value) === 'ArrayBuffer') (value as ArrayBuffer).slice(0, 0)
  else if (tagOf(value).startsWith('URL')) (value as URL).toString()
}

const NATIVE = /\{\s*\[native code\]\s*\}\s*$/

function isBuiltIn(prototype: object, name: string): boolean {
  const Class = (globalThis as Record<string, unknown>)[name]
  if (typeof Class === 'function' && prototype === Class.prototype) return true
  const maker: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value
  return (
    typeof maker === 'function' &&
    maker.name === name &&
    maker.prototype === prototype &&
    NATIVE.test(Function.prototype.toString.call(maker))
  )
}
