const BYTES = 17
// int2, int4, int8, oid, float4, float8. Where a statement of ours gives an int8 it is a safe integer.
const NUMBERS: ReadonlySet<number> = new Set([20, 21, 23, 26, 700, 701])

/** The types of columns of our statements: the numbers, bytes, name and text. */
export const OUR_TYPES: readonly number[] = [...NUMBERS, BYTES, 19, 25]

const asText = (text: string): unknown => text
const asBytes = (text: string): unknown => Buffer.from(text.slice(2), 'hex')

/** How our own statements have a type of PostgreSQL, whatever the app has taught its client library. */
export function typeParser(type: number): (text: string) => unknown {
  if (NUMBERS.has(type)) return Number
  return type === BYTES ? asBytes : asText
}
