const EPSILON = 2 ** -52
const JUST_ABOVE_MINUS_ONE = -1 + 2 ** -53

/**
 * Whether every engine binds a number as it is. One binds as an integer what lies less than 2^-52 above one: all that is
 * just above 0, and the number just above -1. It leaves their negatives alone.
 */
export function bindsExactly(value: number): boolean {
  return !(value > 0 && value < EPSILON) && value !== JUST_ABOVE_MINUS_ONE
}

/** A number for a numeric column, which makes one of a text of 17 digits without loss. */
export function exactNumber(value: number): number | string {
  return bindsExactly(value) ? value : value.toPrecision(17)
}

/**
 * Whether every engine reads a number back that it wrote: beyond 2^53 a column makes an integer of it, and some refuse to
 * read one as a number, and with it the whole row.
 */
export function isReadable(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER
}
