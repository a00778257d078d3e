import { hasNamedMembers } from './named-members.js'

// Deeper values go to the extended codec, which also detects cycles.
const DEEPEST = 100

/**
 * Whether JSON holds `value` exactly: what `JSON.parse(JSON.stringify(value))` gives is deep-equal to it and of the
 * same classes.
 */
export function isPlainJson(value: unknown): boolean {
  return isReadableAs('exact', value)
}

/** Whether `value` holds plain objects, arrays and primitives only, among them those that JSON loses. */
export function isPlainData(value: unknown): boolean {
  return isReadableAs('storable', value)
}

/** `exact`: what JSON holds exactly. `storable`: what the extended form holds, too. */
type Primitives = 'exact' | 'storable'

function isReadableAs(primitives: Primitives, value: unknown): boolean {
  try {
    return isPlain(primitives, value, 0)
  } catch {
    // A member that cannot be read: the extended codec meets it too, and names the path to it.
    return false
  }
}

function isPlain(primitives: Primitives, value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return primitives === 'storable' || (Number.isFinite(value) && !Object.is(value, -0))
    case 'object':
      return value === null || (depth < DEEPEST && isPlainContainer(primitives, value, depth + 1))
    case 'undefined':
    case 'bigint':
      return primitives === 'storable'
    default:
      return false
  }
}

function isPlainContainer(primitives: Primitives, value: object, depth: number): boolean {
  // JSON would write what it returns, also one that is hidden or inherited.
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return false
  const prototype = Object.getPrototypeOf(value)
  if (prototype === Object.prototype) {
    const record = value as Record<string, unknown>
    for (const name in record) {
      if (!isPlain(primitives, record[name], depth)) return false
      // JSON holds it; the extended form needs a record for it.
      if (primitives === 'storable' && name === '__proto__') return false
    }
    return Object.getOwnPropertySymbols(value).length === 0
  }
  if (prototype !== Array.prototype) return false
  const items = value as unknown[]
  for (let index = 0; index < items.length; index++) {
    const item = items[index]
    // Of holes there may be billions.
    if (!isPlain(primitives, item, depth) || (item === undefined && !Object.hasOwn(items, index))) return false
  }
  return !hasNamedMembers(items)
}
