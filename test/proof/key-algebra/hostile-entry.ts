import fc from 'fast-check'

/** Prefixes of one another, look-alikes for LIKE and GLOB, and words of the stored layout. */
export const HOSTILE_PREFIXES: readonly string[] = [
  ...['', 'a', 'a:', 'a:b:', 'A:', 'a_b:', 'axb:', 'a%', 'a[x]:', 'ax:', 'cache:', 'a:cache:', 'circuit:'],
  ...['🙂', '\u{10FFFF}', 'ü:', 'u\u0308:', '\u0001', '\u0002', '\u00022:', "'", '"', '__proto__'],
]

const PIECES = [
  ...[
    'a',
    'b',
    'A',
    ':',
    '_',
    '%',
    '*',
    '?',
    '[',
    ']',
    '[x]',
    '\\',
    "'",
    '"',
    ';--',
    ' ',
    '\n',
    '1',
    '9007199254740993',
  ],
  ...['cache:', 'circuit:', 'a:', 'a:b:', '__proto__', 'constructor', '\u0001', '\u0002', '\uFFFD', '\uFEFF'],
  ...['🙂', '\u{10FFFF}', 'ü', 'u\u0308', 'ß', 'İ', '\u200D', '\uD800', '\uDC00', '\0'],
]

// Not fast-check's unit 'binary', which builds a table of a million entries.
const codePoint = fc.nat({ max: 0x10ffff }).map((code) => String.fromCodePoint(code))

const text = fc.oneof(
  { weight: 6, arbitrary: fc.array(fc.constantFrom(...PIECES), { maxLength: 4 }).map((pieces) => pieces.join('')) },
  { weight: 2, arbitrary: fc.string({ unit: codePoint, maxLength: 8 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1_000, max: 1_050 }).map((length) => 'k'.repeat(length)) },
  { weight: 1, arbitrary: fc.integer({ min: 330, max: 350 }).map((length) => '漢'.repeat(length)) },
)

// Members with any name, as JSON.parse makes them and an assignment would not.
const object = fc
  .array(fc.tuple(fc.constantFrom('__proto__', 'constructor', 'toString', 'a', '\0', '\uD800'), fc.jsonValue()), {
    maxLength: 3,
  })
  .map((members) => {
    const made = {}
    for (const [name, value] of members) {
      Object.defineProperty(made, name, { value, enumerable: true, configurable: true, writable: true })
    }
    return made
  })

const value = fc.oneof(
  { weight: 3, arbitrary: text },
  { weight: 2, arbitrary: object },
  { weight: 2, arbitrary: fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }) },
  { weight: 2, arbitrary: fc.maxSafeInteger() },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(2 ** 53, 2 ** 63, -(2 ** 63), 1e308, 5e-324, -0, Number.NaN) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(() => 1, Symbol('s')) },
)

/** A key and a value; some must be refused. */
export const hostileEntry: fc.Arbitrary<[key: string, value: unknown]> = fc.tuple(text, value)
