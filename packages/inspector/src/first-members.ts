/** A part of a value, and whether members were left out. */
export interface FirstMembers {
  readonly value: unknown
  readonly partial: boolean
}

/**
 * Copies the first members of a value. Other objects than arrays, Maps, Sets and plain objects, and those that are nested more
 * deeply, are not copied.
 *
 * @param most The number of members in all.
 */
export function firstMembers(whole: unknown, most: number, depth: number): FirstMembers {
  let left = most
  /** By their originals, because an object may contain itself. */
  const copies = new Map<object, object>()
  const copyOf = (value: unknown, level: number): unknown => {
    if (typeof value !== 'object' || value === null || level > depth) return value
    const known = copies.get(value)
    if (known !== undefined) return known
    const taken = <Member>(members: Iterable<Member>, add: (member: Member) => void): void => {
      for (const member of members) {
        if (left-- <= 0) return
        add(member)
      }
    }
    const next = (member: unknown): unknown => copyOf(member, level + 1)
    if (Array.isArray(value)) {
      const copy: unknown[] = []
      copies.set(value, copy)
      taken(value, (member) => copy.push(next(member)))
      return copy
    }
    if (value instanceof Map) {
      const copy = new Map()
      copies.set(value, copy)
      taken(value, ([key, member]) => copy.set(next(key), next(member)))
      return copy
    }
    if (value instanceof Set) {
      const copy = new Set()
      copies.set(value, copy)
      taken(value, (member) => copy.add(next(member)))
      return copy
    }
    const prototype = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null) return value
    const copy = Object.create(prototype)
    copies.set(value, copy)
    taken(Object.keys(value), (name) => {
      // By definition: an assignment to `__proto__` would set the prototype.
      const member = next((value as Record<string, unknown>)[name])
      Object.defineProperty(copy, name, { value: member, enumerable: true, configurable: true, writable: true })
    })
    return copy
  }
  return { value: copyOf(whole, 0), partial: left < 0 }
}
