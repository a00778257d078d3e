import { inspect } from 'node:util'

/** What engines add to errors. */
const OF_ENGINES: ReadonlySet<PropertyKey> = new Set([
  'stack',
  'line',
  'column',
  'sourceURL',
  'originalLine',
  'originalColumn',
])

const tagOf = (value: unknown): string => Object.prototype.toString.call(value).slice('[object '.length, -1)

/**
 * Returns where `actual` differs from `expected`, or `undefined`. Stricter than the runner's comparisons: holes, own members with
 * their order and whether they are enumerable, prototypes, -0, the bytes of views, the members of errors, and cycles. Two equal
 * objects of `expected` may be one object of `actual` only if they are one in `expected` too.
 */
export function difference(actual: unknown, expected: unknown): string | undefined {
  return new Comparison().at('', actual, expected)
}

class Comparison {
  readonly #counterparts = new Map<object, object>()

  at(path: string, actual: unknown, expected: unknown): string | undefined {
    if (typeof actual !== 'object' || actual === null || typeof expected !== 'object' || expected === null) {
      return Object.is(actual, expected) ? undefined : `${path}: ${shown(actual)} instead of ${shown(expected)}`
    }
    const counterpart = this.#counterparts.get(actual)
    if (counterpart !== undefined) return counterpart === expected ? undefined : `${path}: one object instead of two`
    this.#counterparts.set(actual, expected)
    if (Object.getPrototypeOf(actual) !== Object.getPrototypeOf(expected)) return `${path}: another prototype`
    if (tagOf(actual) !== tagOf(expected)) return `${path}: ${tagOf(actual)} instead of ${tagOf(expected)}`
    const contents = [contentOf(actual), contentOf(expected)] as const
    if (contents[0].length !== contents[1].length) return `${path}: ${contents[0].length} entries`
    for (const [index, content] of contents[0].entries()) {
      const found = this.at(`${path}(${index})`, content, contents[1][index])
      if (found !== undefined) return found
    }
    return this.#members(path, actual, expected)
  }

  #members(path: string, actual: object, expected: object): string | undefined {
    const names = namesOf(actual)
    const wanted = namesOf(expected)
    if (names.join() !== wanted.join()) return `${path}: members ${shown(names)} instead of ${shown(wanted)}`
    for (const name of names) {
      const one = Object.getOwnPropertyDescriptor(actual, name)
      const other = Object.getOwnPropertyDescriptor(expected, name)
      const inner = `${path}[${shown(name)}]`
      if (one?.enumerable !== other?.enumerable) return `${inner}: enumerable ${one?.enumerable}`
      const found = this.at(inner, one?.value, other?.value)
      if (found !== undefined) return found
    }
    return undefined
  }
}

/** Returns the names of the own members. Those of an error have no order. */
function namesOf(value: object): string[] {
  const names = Reflect.ownKeys(value).map(String)
  return value instanceof Error ? names.filter((name) => !OF_ENGINES.has(name)).sort() : names
}

/** Returns what an object of a built-in class consists of, besides its members. */
function contentOf(value: object): unknown[] {
  if (value instanceof Map) return [...Map.prototype.entries.call(value)].flat()
  if (value instanceof Set) return [...Set.prototype.values.call(value)]
  if (value instanceof Date) return [Date.prototype.getTime.call(value)]
  if (value instanceof RegExp) return [RegExp.prototype.toString.call(value)]
  if (value instanceof Error) return [value.name, value.message]
  if (value instanceof ArrayBuffer) return [...new Uint8Array(value)]
  if (value instanceof DataView) return [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)]
  if (ArrayBuffer.isView(value)) return [value.buffer.byteLength]
  if (value instanceof URL || value instanceof URLSearchParams) return [value.toString()]
  if (/^(Number|String|Boolean|BigInt)$/.test(tagOf(value))) return [value.valueOf()]
  return []
}

const shown = (value: unknown): string => inspect(value, { depth: 0 })
