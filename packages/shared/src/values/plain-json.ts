import { hasContent } from './built-in.js'
import { hasNamedMembers } from './named-members.js'

// Deeper values go to the extended codec, which also detects cycles.
const DEEPEST = 100

/**
 * Returns whether JSON stores `value` exactly: `JSON.parse(JSON.stringify(value))` is deep-equal to it and has the same classes.
 */
export function isPlainJson(value: unknown): boolean {
  return isReadableAs('exact', value)
}

/** Returns whether `value` consists only of plain objects, arrays and primitives, including primitives that JSON loses. */
export function isPlainData(value: unknown): boolean {
  return isReadableAs('storable', value)
}

/** Which primitives are accepted. `exact`: those that JSON stores exactly. `storable`: also those of the extended form. */
type Mode = 'exact' | 'storable'

function isReadableAs(mode: Mode, value: unknown): boolean {
  try {
    return isPlain(mode, value, 0)
  } catch {
    // A member cannot be read. The extended codec fails at it too, and reports its path.
    return false
  }
}

function isPlain(mode: Mode, value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return mode === 'storable' || (Number.isFinite(value) && !Object.is(value, -0))
    case 'object':
      return value === null || (depth < DEEPEST && isPlainContainer(mode, value, depth + 1))
    case 'undefined':
    case 'bigint':
      return mode === 'storable'
    default:
      return false
  }
}

function isPlainContainer(mode: Mode, value: object, depth: number): boolean {
  // JSON would write its result, even if the method is hidden or inherited.
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return false
  // The encoder would take it for a promise, even if the method is hidden, which is then no part of the value.
  if (mode === 'storable' && typeof (value as { then?: unknown }).then === 'function') return false
  const prototype = Object.getPrototypeOf(value)
  if (prototype === Object.prototype) {
    const record = value as Record<string, unknown>
    let isEmpty = true
    for (const name in record) {
      isEmpty = false
      if (!isPlain(mode, record[name], depth)) return false
      // JSON stores it; the extended form needs a record for it.
      if (mode === 'storable' && name === '__proto__') return false
    }
    // Only of one without members, because asking takes as long as encoding a small object.
    if (isEmpty && hasContent(value)) return false
    return Object.getOwnPropertySymbols(value).length === 0
  }
  if (prototype !== Array.prototype || !Array.isArray(value)) return false
  const items: unknown[] = value
  for (let index = 0; index < items.length; index++) {
    const item = items[index]
    // There may be billions of holes.
    if (!isPlain(mode, item, depth) || (item === undefined && !Object.hasOwn(items, index))) return false
  }
  return !hasNamedMembers(items)
}
