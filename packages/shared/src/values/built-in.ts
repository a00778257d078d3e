import { types } from 'node:util'

/** What the extended form holds besides plain objects, arrays and errors, by the name of its class. */
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
// Left out, because the oldest runtime cannot read them: Float16Array and the classes of Temporal.

export type Kind = 'object' | 'array' | 'map' | 'set' | 'error' | 'leaf'

/** The usual ones, which need no closer look. */
const USUAL: ReadonlyMap<unknown, Kind> = new Map<unknown, Kind>([
  [Object.prototype, 'object'],
  [null, 'object'],
  [Map.prototype, 'map'],
  [Set.prototype, 'set'],
  [Date.prototype, 'leaf'],
])

/**
 * What an object is to the extended form; `undefined` for an instance of any other class, also of one that extends a
 * built-in class. Built-in classes of another realm, such as those of `node:vm`, are the same ones.
 */
export function kindOf(value: object): Kind | undefined {
  const prototype: object | null = Object.getPrototypeOf(value)
  if (prototype === Array.prototype && Array.isArray(value)) return 'array'
  const usual = USUAL.get(prototype)
  if (usual !== undefined && !types.isNativeError(value)) return usual
  // Their own classes come back as the built-in class that their name names, or as Error.
  if (isError(value)) return 'error'
  if (prototype === null || isBuiltIn(prototype, 'Object')) return 'object'
  if (Array.isArray(value)) return isBuiltIn(prototype, 'Array') ? 'array' : undefined
  const tag = tagOf(value)
  if (!isBuiltIn(prototype, tag) && prototype !== Buffer.prototype) return undefined
  if (tag === 'Map') return 'map'
  if (tag === 'Set') return 'set'
  return LEAVES.has(tag) ? 'leaf' : undefined
}

/** Also one of another realm. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value)
}

export const tagOf = (value: object): string => Object.prototype.toString.call(value).slice(8, -1)

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
