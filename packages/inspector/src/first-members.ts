/**
 * Copies the first members of a value. Arrays, Maps, Sets and plain objects are copied, up to a depth. Members are defined, because
 * an assignment to `__proto__` would set the prototype.
 *
 * @param most The number of members in all.
 * @returns the copy, and whether members are missing in it.
 */
export function firstMembers(whole: unknown, most: number, depth: number): { value: unknown; partial: boolean } {
  let left = most
  /** By their originals, because an object may contain itself. */
  const copies = new Map<object, object>()
  const copyOf = (value: unknown, level: number): unknown => {
    if (typeof value !== 'object' || value === null || level > depth) return value
    if (value instanceof Map) return new Map(copyOf([...value], level) as [unknown, unknown][])
    if (value instanceof Set) return new Set(copyOf([...value], level) as unknown[])
    const isList = Array.isArray(value)
    const isPlain = isList || Object.getPrototypeOf(value) === Object.prototype
    if (!isPlain || copies.has(value)) return copies.get(value) ?? value
    const copy = isList ? [] : {}
    copies.set(value, copy)
    for (const name of Object.keys(value)) {
      if (left-- <= 0) break
      const member = copyOf(value[name as keyof typeof value], level + 1)
      Object.defineProperty(copy, name, { value: member, enumerable: true })
    }
    return copy
  }
  return { value: copyOf(whole, 0), partial: left < 0 }
}
