import fc from 'fast-check'

/** Values that JSON cannot represent. */
export const EXTENDED_VALUES: readonly unknown[] = [
  undefined,
  [undefined, 1],
  [undefined, undefined],
  { absent: undefined, there: 1 },
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  -0,
  [-0, { deep: Number.NaN }],
  123n,
  -(2n ** 70n),
  new Date(1_767_225_600_123),
  new Date(-1),
  new Map<unknown, unknown>([
    ['a', 1],
    [{ key: 1 }, new Set([1, 'two'])],
  ]),
  new Set([undefined, null, 1]),
  /a[b]+"c/gi,
  new Uint8Array([0, 1, 255]),
  new Uint8Array(),
  { when: new Date(0), list: [new Map([['x', 1n]]), new Set([new Date(5)])], bytes: new Uint8Array([7]) },
]

// No null at the top level, because a cached null looks like an absent key. Other tests cover that.
export const storableValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  { weight: 1, arbitrary: fc.constantFrom(...EXTENDED_VALUES) },
)
