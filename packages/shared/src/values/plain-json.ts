import { hasNamedMembers } from './named-members.js'

// Deeper values go to the extended codec, which also detects cycles.
const DEEPEST = 100

/**
 * Whether JSON holds `value` exactly: what `JSON.parse(JSON.stringify(value))` gives is deep-equal to it and of the
 * same classes.
 */
export function isPlainJson(value: unknown): boolean {
  return isReadableAs(isExactJson, value)
}

/** Whether `value` holds plain objects, arrays and primitives only, among them those that JSON loses. */
export function isPlainData(value: unknown): boolean {
  return isReadableAs(isStorablePrimitive, value)
}

function isReadableAs(isLeaf: (value: unknown) => boolean, value: unknown): boolean {
  try {
    return isPlain(isLeaf, value, 0)
  } catch {
    // A member that cannot be read: the extended codec meets it too, and names the path to it.
    return false
  }
}

function isExactJson(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
    default:
      return false
  }
}

const isStorablePrimitive = (value: unknown): boolean => typeof value !== 'function' && typeof value !== 'symbol'

function isPlain(isLeaf: (value: unknown) => boolean, value: unknown, depth: number): boolean {
  if (typeof value !== 'object') return isLeaf(value)
  return value === null || (depth < DEEPEST && isPlainContainer(isLeaf, value, depth + 1))
}

function isPlainContainer(isLeaf: (value: unknown) => boolean, value: object, depth: number): boolean {
  // JSON would write what it returns, also one that is hidden or inherited.
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return false
  const prototype = Object.getPrototypeOf(value)
  if (prototype === Object.prototype) {
    const record = value as Record<string, unknown>
    for (const name in record) {
      if (!isPlain(isLeaf, record[name], depth)) return false
      // JSON holds it; the extended form needs a record for it.
      if (name === '__proto__' && isLeaf !== isExactJson) return false
    }
    return Object.getOwnPropertySymbols(value).length === 0
  }
  if (prototype !== Array.prototype) return false
  const items = value as unknown[]
  for (let index = 0; index < items.length; index++) {
    const item = items[index]
    // Of holes there may be billions.
    if (!isPlain(isLeaf, item, depth) || (item === undefined && !Object.hasOwn(items, index))) return false
  }
  return !hasNamedMembers(items)
}
