const EPSILON = 2 ** -52
const JUST_ABOVE_MINUS_ONE = -1 + 2 ** -53

/**
 * Returns whether every engine binds a number exactly. One engine binds numbers less than 2^-52 above an integer as that integer:
 * all slightly above 0, and the number just above -1. It does not change their negatives.
 */
export function bindsExactly(value: number): boolean {
  return !(value > 0 && value < EPSILON) && value !== JUST_ABOVE_MINUS_ONE
}

/** Returns a number for a numeric column, or a text of 17 digits that such a column converts without loss. */
export function exactNumber(value: number): number | string {
  return bindsExactly(value) ? value : value.toPrecision(17)
}

/**
 * Returns whether every engine reads back a number that it wrote. Beyond 2^53 a column stores an integer, and some engines refuse
 * to read it as a number, and with it the whole row.
 */
export function isReadable(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER
}
