import assert from 'node:assert/strict'
import fc from 'fast-check'

/** What the reader of the extended form may take for something of its own, and what no writer writes. */
const TOKENS = [
  ...['"__proto__"', '"constructor"', '"Error"', '"Members"', '"BuiltIn"', '"View"', '"Map"', '"Set"', '"Date"'],
  ...['"RegExp"', '"Object"', '"BigInt"', '"null"', '"ArrayBuffer"', '"Uint8Array"', '"DataView"', '"URL"'],
  ...['"lastIndex"', '"name"', '"stack"', '"message"', '"length"', '"AggregateError"', '"toString"', '"then"'],
  ...['[]', '{}', 'true', 'null', '4294967295', '1e9', '1e400', '0.5', '[0]', '[-7,4294967295]'],
  ...['{"name":0,"message":0,"members":1}', '{"base":1,"members":2}', '{"bare":1,"entries":2}', '{"__proto__":1}'],
]

const token = fc.oneof(fc.constantFrom(...TOKENS), fc.integer({ min: -8, max: 12 }).map(String))

/** Parts of a text to replace: tokens by others, most often, so that the text stays JSON; or a few characters. */
export const damages: fc.Arbitrary<{ at: number; length: number; text: string }[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ at: fc.nat(), length: fc.constant(-1), text: token }) },
    { weight: 1, arbitrary: fc.record({ at: fc.nat(), length: fc.nat(3), text: fc.string({ maxLength: 3 }) }) },
  ),
  { minLength: 1, maxLength: 4 },
)

export function damaged(text: string, changes: readonly { at: number; length: number; text: string }[]): string {
  let changed = text
  for (const { at, length, text } of changes) {
    if (length < 0) {
      const tokens = changed.split(/([,[\]{}:])/)
      const places = [...tokens.keys()].filter((index) => /[^,[\]{}:]/.test(tokens[index] as string))
      const place = places[at % places.length] ?? 0
      changed = tokens.with(place, text).join('')
    } else {
      const from = at % (changed.length + 1)
      changed = changed.slice(0, from) + text + changed.slice(from + length)
    }
  }
  return changed
}

/** The classes of which a stored text may hold objects. */
const CLASSES = [
  ...['Array', 'ArrayBuffer', 'BigInt', 'Boolean', 'DataView', 'Date', 'Map', 'Number', 'Object', 'RegExp', 'Set'],
  ...['String', 'URL', 'URLSearchParams', 'BigInt64Array', 'BigUint64Array', 'Float16Array', 'Float32Array'],
  ...['Float64Array', 'Int16Array', 'Int32Array', 'Int8Array', 'Uint16Array', 'Uint32Array', 'Uint8Array'],
  ...['Uint8ClampedArray', 'AggregateError', 'Error', 'EvalError', 'RangeError', 'ReferenceError', 'SuppressedError'],
  ...['SyntaxError', 'TypeError', 'URIError'],
]
const PROTOTYPES: ReadonlySet<object | null> = new Set([
  null,
  ...CLASSES.map((name) => (globalThis as unknown as Record<string, { prototype: object }>)[name]?.prototype ?? null),
])

/** Returns the names of the members of the prototypes, which no row may change. */
export function membersOfPrototypes(): string {
  return JSON.stringify([...PROTOTYPES].map((prototype) => Reflect.ownKeys(prototype ?? {}).map(String)))
}

/** Asserts that a value consists of primitives and objects of these classes, without accessors. */
export function assertData(value: unknown): void {
  const found = new Set([value])
  // A Set also iterates over what is added meanwhile.
  for (const one of found) {
    assert.ok(typeof one !== 'function' && typeof one !== 'symbol', typeof one)
    if (typeof one !== 'object' || one === null) continue
    assert.ok(PROTOTYPES.has(Object.getPrototypeOf(one)), 'an object of another class')
    for (const name of Reflect.ownKeys(one)) {
      const descriptor = Object.getOwnPropertyDescriptor(one, name)
      assert.ok('value' in (descriptor ?? {}), `the accessor ${String(name)}`)
      found.add(descriptor?.value)
    }
    if (one instanceof Map) for (const entry of Map.prototype.entries.call(one)) found.add(entry[0]).add(entry[1])
    if (one instanceof Set) for (const item of Set.prototype.values.call(one)) found.add(item)
  }
}
