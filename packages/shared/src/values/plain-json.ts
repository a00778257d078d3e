import { hasNamedMembers } from './named-members.js'

// Deeper values go to the extended codec, which also detects cycles.
const DEEPEST = 100

/**
 * Whether JSON holds `value` exactly: what `JSON.parse(JSON.stringify(value))` gives is deep-equal to it and of the
 * same classes.
 */
export function isPlainJson(value: unknown, depth = 0): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
    case 'object':
      return value === null || (depth < DEEPEST && isPlainContainer(value, depth + 1))
    default:
      return false
  }
}

function isPlainContainer(value: object, depth: number): boolean {
  // JSON would write what it returns, also one that is hidden or inherited.
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return false
  const prototype = Object.getPrototypeOf(value)
  if (prototype === Object.prototype) {
    const record = value as Record<string, unknown>
    for (const name in record) {
      if (!isPlainJson(record[name], depth)) return false
    }
    return Object.getOwnPropertySymbols(value).length === 0
  }
  if (prototype !== Array.prototype) return false
  // By index, so that a hole reads as undefined and is refused.
  const items = value as unknown[]
  for (let index = 0; index < items.length; index++) {
    if (!isPlainJson(items[index], depth)) return false
  }
  return !hasNamedMembers(items)
}
