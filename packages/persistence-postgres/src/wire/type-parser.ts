const BYTES = 17
// int2, int4, int8, oid, float4, float8. Each int8 in our statements is a safe integer.
const NUMBERS: ReadonlySet<number> = new Set([20, 21, 23, 26, 700, 701])

/** The OIDs of the types in our statements: numbers, bytea, name and text. */
export const OUR_TYPES: readonly number[] = [...NUMBERS, BYTES, 19, 25]

const asText = (text: string): unknown => text
const asBytes = (text: string): unknown => Buffer.from(text.slice(2), 'hex')

/** Returns the parser of our own statements for a type OID. The app's own parsers do not apply to them. */
export function typeParser(type: number): (text: string) => unknown {
  if (NUMBERS.has(type)) return Number
  return type === BYTES ? asBytes : asText
}
