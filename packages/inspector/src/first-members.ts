/** What is formatted of a value. */
interface Extent {
  /** The number of members in all. */
  readonly members: number
  /** The number of members of an array, a Map or a Set. */
  readonly listed: number
  readonly depth: number
}

/**
 * Copies a value as far as it is formatted: its arrays, Maps, Sets and plain objects. A list keeps the members that are not
 * formatted, because their number is. Members of objects are defined, because an assignment to `__proto__` would set the prototype.
 *
 * @returns the copy, and whether something is missing in it that would be formatted.
 */
export function firstMembers(whole: unknown, { members, listed, depth }: Extent): { value: unknown; partial: boolean } {
  let left = members
  /** By their originals, because an object may contain itself. */
  const copies = new Map<object, object>()
  const copyOf = (value: unknown, level: number): unknown => {
    if (typeof value !== 'object' || value === null || level > depth) return value
    const known = copies.get(value)
    if (known !== undefined) return known
    const member = (given: unknown, at: number): unknown => {
      if (at >= listed) return given
      left--
      // A new object each, because a Map or Set keeps its size.
      return left < 0 && typeof given === 'object' ? {} : copyOf(given, level + 1)
    }
    let at = 0
    if (value instanceof Map) {
      const copy = new Map()
      copies.set(value, copy)
      for (const [key, item] of value) copy.set(member(key, at), member(item, at++))
      return copy
    }
    if (value instanceof Set) {
      const copy = new Set()
      copies.set(value, copy)
      for (const item of value) copy.add(member(item, at++))
      return copy
    }
    if (Array.isArray(value)) {
      const copy = value.slice()
      copies.set(value, copy)
      for (const end = Math.min(copy.length, listed); at < end; at++) if (at in copy) copy[at] = member(copy[at], at)
      return copy
    }
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null) return value
    const copy = Object.create(prototype)
    copies.set(value, copy)
    for (const name of Object.keys(value)) {
      if (left-- <= 0) break
      Object.defineProperty(copy, name, {
        value: copyOf(value[name as keyof typeof value], level + 1),
        enumerable: true,
      })
    }
    return copy
  }
  return { value: copyOf(whole, 0), partial: left < 0 }
}
