/**
 * Copies a value as far as it is formatted. A list keeps the members that are only counted. Members of objects are defined, because
 * an assignment to `__proto__` would set the prototype.
 *
 * @param most The number of members in all.
 * @param listed The number of members of a list.
 * @returns the copy, and whether members are missing in it.
 */
export function firstMembers(
  whole: unknown,
  most: number,
  listed: number,
  depth: number,
): { value: unknown; partial: boolean } {
  let left = most
  const copyOf = (value: unknown, level: number): unknown => {
    if (typeof value !== 'object' || value === null || level > depth) return value
    const itemAt = (given: unknown, at: number): unknown => {
      if (at >= listed) return given
      // Each is new: a Map or Set keeps its size.
      return left-- > 0 || typeof given !== 'object' ? copyOf(given, level + 1) : {}
    }
    if (value instanceof Map) return new Map([...value].map(([key, item], at) => [itemAt(key, at), itemAt(item, at)]))
    if (value instanceof Set) return new Set([...value].map(itemAt))
    if (Array.isArray(value)) return value.map(itemAt)
    if (Object.getPrototypeOf(value) !== Object.prototype) return value
    const copy = {}
    for (const name of Object.keys(value)) {
      if (left-- <= 0) break
      const member = copyOf(value[name as keyof typeof value], level + 1)
      Object.defineProperty(copy, name, { value: member, enumerable: true })
    }
    return copy
  }
  return { value: copyOf(whole, 0), partial: left < 0 }
}
