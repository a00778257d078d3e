import { parse, stringify } from 'devalue'
import { tagOf } from '../arguments/invalid.js'
import { isError } from '../errors/is-error.js'
import { kindOf } from './built-in.js'
import { itemNames } from './named-members.js'
import { isPlainData } from './plain-json.js'
import { checkStorable } from './storable.js'
import { define, reduceError, reviveError, type StoredMember } from './stored-error.js'

/** Classes come from this list, never from the data. */
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

interface StoredRecord {
  /** Without a prototype. */
  bare: boolean
  entries: [string, unknown][]
}

function reduceProtoMember(value: unknown): StoredRecord | false {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, '__proto__')) return false
  if (kindOf(value) !== 'object') return false
  return { bare: Object.getPrototypeOf(value) === null, entries: Object.entries(value) }
}

function reviveProtoMember({ bare, entries }: StoredRecord): object {
  const record = bare ? Object.create(null) : {}
  for (const [name, value] of entries) define(record, name, value, true)
  return record
}

interface StoredBuiltIn {
  /** Without its members. */
  base: object
  members: StoredMember[]
}

function copyItems(items: unknown[]): unknown[] {
  const copy: unknown[] = []
  copy.length = items.length
  // Not by index and not by `slice`, which visit every hole.
  for (const at of itemNames(items)) copy[Number(at)] = items[Number(at)]
  return copy
}

/** Copies a built-in object without the members that were added to it, which may hide its methods. */
const WITHOUT_MEMBERS: Readonly<Record<string, (value: never) => object>> = {
  Array: copyItems,
  Date: (date: Date) => new Date(date),
  Map: (map: Map<unknown, unknown>) => new Map(map),
  RegExp: (pattern: RegExp) => new RegExp(pattern),
  Set: (set: Set<unknown>) => new Set(set),
}

function reduceBuiltIn(value: object, names: readonly string[]): StoredBuiltIn | false {
  const members = names.map((name): StoredMember => [name, (value as Record<string, unknown>)[name], true])
  const copy = WITHOUT_MEMBERS[tagOf(value)] as (value: object) => object
  return { base: copy(value), members }
}

function reviveBuiltIn({ base, members }: StoredBuiltIn): object {
  for (const [name, value, enumerable] of members) {
    // This member exists already and cannot be redefined.
    if (base instanceof RegExp && name === 'lastIndex') base.lastIndex = value as number
    else define(base, name, value, enumerable)
  }
  return base
}

// A Buffer is often a window into a shared pool; devalue would store the whole pool. It refuses a SharedArrayBuffer.
function reduceView(value: unknown): ArrayBufferView | false {
  if (!ArrayBuffer.isView(value)) return false
  if (value.byteLength === value.buffer.byteLength && tagOf(value.buffer) === 'ArrayBuffer') return false
  const View = VIEW_CLASSES[tagOf(value)]
  if (View === undefined) return false
  const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  return new View(new Uint8Array(bytes).buffer)
}

const REVIVERS = {
  Error: reviveError,
  Members: reviveProtoMember,
  BuiltIn: reviveBuiltIn,
  View: (view: ArrayBufferView) => view,
}

/**
 * Encodes what JSON loses. devalue handles undefined, Date, BigInt, Map, Set, RegExp, NaN, infinities, -0, bytes and cycles. Added
 * here: errors, members named `__proto__`, members of arrays and of built-in objects, and views of a part of a buffer.
 *
 * @throws UnstorableError with the `path` of the member that cannot be stored.
 */
export function encodeExtended(value: unknown): string {
  // Typical results of tasks are plain data, which needs no further search.
  if (isPlainData(value)) return stringify(value)
  const { members, check } = checkStorable(value)
  const reducers = {
    Error: (item: unknown) => isError(item) && reduceError(item),
    Members: reduceProtoMember,
    BuiltIn: (item: object) => members.has(item) && reduceBuiltIn(item, members.get(item) as readonly string[]),
    View: reduceView,
  }
  // A getter may return another object than it did for the check, and that object has members of its own.
  const get = (holder: Record<string, unknown>, name: string) => check(holder[name])
  // Promises have been refused; a hidden method of that name is no part of the value.
  return stringify(value, reducers, { operations: { get, isThenable: () => false } })
}

/** @throws Error for a text that {@link encodeExtended} did not produce. */
export function decodeExtended(text: string): unknown {
  return parse(text, REVIVERS)
}
