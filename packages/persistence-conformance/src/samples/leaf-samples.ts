import fc from 'fast-check'
import { kept, keptAs, refused, type Sample } from './sample.js'

const numberSource = (number: number) => (Object.is(number, -0) ? '-0' : String(number))

/** Primitives that can be keys of a Map or items of a Set, each equal to itself only. */
export const KEY_SOURCES = ['undefined', 'null', 'NaN', '-0', '1', '7n', '"text"', '"\\ud800"', 'true', '""'] as const

// Not `unit: 'binary'`: fast-check then makes a table of all characters when this module is loaded, which takes most of a second.
const character = fc.integer({ min: 0, max: 0x10_ff_ff }).map((code) => String.fromCodePoint(code))
const half = fc.integer({ min: 0, max: 0xff_ff }).map((unit) => String.fromCharCode(unit))

/** Also with halves of characters. PGlite refuses a text that begins with a byte order mark. */
const text = fc
  .oneof(fc.string(), fc.string({ unit: character }), fc.string({ unit: half }))
  .filter((chars) => !chars.startsWith('\ufeff'))

const primitive: fc.Arbitrary<Sample> = fc
  .oneof(
    fc.constantFrom(...KEY_SOURCES, 'Infinity', '-Infinity', 'false', '2 ** 53', '5e-324', '-(2n ** 200n)'),
    fc.double().map(numberSource),
    fc.integer().map(String),
    fc.bigInt().map((number) => `${number}n`),
    text.map((chars) => JSON.stringify(chars)),
    fc.constantFrom('"\\0"', '"a".repeat(70_000)', '"\\ud800".repeat(3_000)', '"dv1:[1]"', '"a\\ufeff"', '"__proto__"'),
  )
  .map(kept)

const CLASSES_OF_VIEWS = [
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'DataView',
] as const

const BYTES =
  '[0, 1, 127, 128, 255, 240, 127, 3, 9, 10, 11, 12, 13, 14, 15, 16, 255, 255, 255, 255, 255, 255, 248, 127]'

/** Every class of view, on a whole buffer or a part, in each kind of memory. What comes back has a buffer of its own. */
const view: fc.Arbitrary<Sample> = fc
  .record({
    name: fc.constantFrom(...CLASSES_OF_VIEWS),
    part: fc.constantFrom('', ', 0, 0', ', 8, 1', ', 16', ', 24'),
    memory: fc.constantFrom('ArrayBuffer(24)', 'ArrayBuffer(24, { maxByteLength: 64 })', 'SharedArrayBuffer(24)'),
  })
  .map(({ name, part, memory }) => {
    const over = (buffer: string) => `((b) => (new Uint8Array(b).set(${BYTES}), new ${name}(b${part})))(new ${buffer})`
    const bytes = `((v) => new Uint8Array(v.buffer, v.byteOffset, v.byteLength))(${over('ArrayBuffer(24)')})`
    return keptAs(over(memory), `new ${name}(new Uint8Array(${bytes}).buffer)`)
  })

const date: fc.Arbitrary<Sample> = fc
  .oneof(fc.constantFrom('NaN', '8.64e15', '-8.64e15', '0', '-1', '-62198755200000'), fc.integer().map(String))
  .map((time) => kept(`new Date(${time})`))

const regExp: fc.Arbitrary<Sample> = fc
  .tuple(
    fc.constantFrom(
      '/a[b]+"c/',
      '/(?<y>\\d+)\\/\\n/gi',
      '/</',
      '/\\u2028|\\ud800/su',
      '/[\\p{L}--[a-z]]/vy',
      '/(?:)/d',
    ),
    fc.constantFrom('0', '3', '-1', '1.5', '-0', '"text"', 'undefined', '{ valueOf: 1 }'),
  )
  .map(([source, lastIndex]) => kept(`Object.assign(${source}, { lastIndex: ${lastIndex} })`))

/** Values of other built-in classes. */
const built: fc.Arbitrary<Sample> = fc.constantFrom(
  ...[
    'new URL("https://ü:p@example.org:81/a%20b?c=%3C&c=d#e")',
    'new URL("data:text/plain,a b  ")',
    'new URLSearchParams([["a", "1 +&"], ["a", ""], ["", "ü"]])',
    'new ArrayBuffer(0)',
    'new Uint8Array([1, 0, 255]).buffer',
    'new Number(-0)',
    'new Number(NaN)',
    'new Number(5)',
    'new String("a\\ud800b")',
    'new String("")',
    'new Boolean(false)',
    'Object(5n)',
  ].map(kept),
  keptAs('new ArrayBuffer(4, { maxByteLength: 8 })', 'new ArrayBuffer(4)'),
  keptAs('Buffer.from("abc")', 'new Uint8Array([97, 98, 99])'),
  keptAs('Buffer.alloc(0)', 'new Uint8Array(0)'),
  keptAs('new DOMException("late", "TimeoutError")', 'hide(new Error("late"), "name", "TimeoutError")'),
  keptAs('(function () { return arguments })(1, "b")', '({ 0: 1, 1: "b" })'),
  keptAs(
    'new (class AppError extends TypeError { get name() { return "App" } })("m")',
    'hide(new TypeError("m"), "name", "App")',
  ),
  keptAs(
    'new (class AppError extends Error { get name() { return "App" } })("m")',
    'hide(new Error("m"), "name", "App")',
  ),
  keptAs('hide({ a: 1 }, "then", () => 1)', '({ a: 1 })'),
  keptAs('hiddenGetter({ a: new Date(5) }, "then", fail)', '({ a: new Date(5) })'),
  keptAs('hide({ a: 1 }, Symbol.toStringTag, "Other")', '({ a: 1 })'),
  keptAs('hide(new TypeError("m"), Symbol.toStringTag, "Date")', 'new TypeError("m")'),
  keptAs(
    'Object.assign(new (class AppError extends TypeError {})("m"), { a: 1 })',
    'Object.assign(new TypeError("m"), { a: 1 })',
  ),
  keptAs(
    '((b) => ((v) => (b.resize(4), v))(new Uint8Array(b, 8)))(new ArrayBuffer(16, { maxByteLength: 16 }))',
    'new Uint8Array(0)',
  ),
)

const notData: fc.Arbitrary<Sample> = fc.constantFrom(
  ...[
    'Symbol("mark")',
    'Symbol.iterator',
    '() => 1',
    'class Account {}',
    'new (class Account { balance = 1 })()',
    'new (class Money extends Map { currency = "EUR" })([["a", 1]])',
    'new (class Tags extends Set {})()',
    'new (class Page extends Array {})(3)',
    'new (class Day extends Date {})(5)',
    'new (class Pattern extends RegExp {})("a", "g")',
    'new (class Hash extends Uint8Array {})(2)',
    'new (class Address extends URL {})("http://a/")',
    'Object.create({ inherited: 1 })',
    'Object.create(Map.prototype)',
    'Object.create(Date.prototype)',
    'Object.create(RegExp.prototype)',
    'Object.create(URL.prototype)',
    'Object.create(Uint8Array.prototype)',
    'Object.create(Array.prototype)',
    'Object(Symbol("mark"))',
    'Promise.resolve(1)',
    'new WeakMap()',
    'new WeakRef({})',
    '[1].values()',
    '(function* () {})()',
    'new SharedArrayBuffer(4)',
    'transferred(new ArrayBuffer(8))',
    '((v) => (transferred(v.buffer), v))(new Float64Array(2))',
    '((v) => (transferred(v.buffer), v))(new DataView(new ArrayBuffer(8)))',
    '((b) => ((v) => (b.resize(4), v))(new DataView(b, 8)))(new ArrayBuffer(16, { maxByteLength: 16 }))',
    'new Intl.NumberFormat("en")',
    'new TextEncoder()',
    'new AbortController().signal',
    'new Proxy(new Map(), {})',
    'new Proxy(new Set([1]), {})',
    'new Proxy(new Date(5), {})',
    'new Proxy(/a/, {})',
    'new Proxy(new Uint8Array(2), {})',
    'new Proxy(new ArrayBuffer(2), {})',
    'new Proxy(new Number(2), {})',
    'new Proxy({ a: 1 }, { ownKeys: fail })',
    'new Proxy({ a: 1 }, { getPrototypeOf: fail })',
    'new Proxy([1], { getPrototypeOf: fail })',
    'new Proxy({ a: 1 }, { getOwnPropertyDescriptor: fail })',
    '((p) => (p.revoke(), p.proxy))(Proxy.revocable({}, {}))',
    '((p) => (p.revoke(), p.proxy))(Proxy.revocable([], {}))',
    'hiddenGetter({ a: 1 }, Symbol.toStringTag, fail)',
    'hiddenGetter(new Error("x"), "message", fail)',
    'hiddenGetter(new Error("x"), "name", fail)',
    'hiddenGetter({}, "toJSON", fail)',
  ].map((source) => refused(source)),
  refused('hide({ a: 1 }, "toJSON", () => 1)', '.toJSON'),
  ...['({ a: 1 })', '[1]', 'new Map([[1, 2]])', 'new Date(1)'].flatMap((source) =>
    ['"Date"', '"Set"', ...(source === '({ a: 1 })' ? [] : ['"Other"'])].map((tag) => ({
      ...refused(`hide(${source}, Symbol.toStringTag, ${tag})`),
      // In another realm, it is an instance of a class of that name.
      refused: ['[Symbol(Symbol.toStringTag)]', ''],
    })),
  ),
  refused('new Proxy({ a: 1 }, { get: fail })', '.a'),
  // Bun makes a text of the name as soon as any member is listed.
  { ...refused('hide(new Error("x"), "name", Symbol("mark"))'), refused: ['.name', ''] },
)

/** Values without others in them. One in ten cannot be stored. */
export const leaf: fc.Arbitrary<Sample> = fc.oneof(
  { weight: 8, arbitrary: primitive },
  { weight: 3, arbitrary: view },
  { weight: 2, arbitrary: date },
  { weight: 2, arbitrary: regExp },
  { weight: 3, arbitrary: built },
  { weight: 2, arbitrary: notData },
)
