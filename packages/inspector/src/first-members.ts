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
  /** By their originals, because a value may contain itself. */
  const copies = new Map<object, object>()
  const copyOf = (value: unknown, level: number): unknown => {
    if (typeof value !== 'object' || value === null || level > depth) return value
    if (copies.has(value)) return copies.get(value)
    const begin = <Copy extends object>(copy: Copy): Copy => {
      copies.set(value, copy)
      return copy
    }
    let at = 0
    const nextItem = (given: unknown): unknown => {
      if (at >= listed) return given
      // Each is new: a Map or Set keeps its size.
      return left-- > 0 || typeof given !== 'object' ? copyOf(given, level + 1) : {}
    }
    if (value instanceof Map) {
      const copy = begin(new Map())
      for (const [key, item] of value) {
        copy.set(nextItem(key), nextItem(item))
        at++
      }
      return copy
    }
    if (value instanceof Set) {
      const copy = begin(new Set())
      for (const item of value) {
        copy.add(nextItem(item))
        at++
      }
      return copy
    }
    if (Array.isArray(value)) {
      const copy: unknown[] = begin([])
      for (; at < Math.min(value.length, listed); at++) if (at in value) copy[at] = nextItem(value[at])
      // The others are only counted. There may be billions of holes.
      copy.length = value.length
      return copy
    }
    if (Object.getPrototypeOf(value) !== Object.prototype) return value
    const copy = begin({})
    for (const name of Object.keys(value)) {
      if (left-- <= 0) break
      const member = copyOf(value[name as keyof typeof value], level + 1)
      Object.defineProperty(copy, name, { value: member, enumerable: true })
    }
    return copy
  }
  return { value: copyOf(whole, 0), partial: left < 0 }
}
