/**
 * Whether every engine reads a number back that it wrote: beyond 2^53 a column makes an integer of it, and some refuse to
 * read one as a number, and with it the whole row.
 */
export function isReadable(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER
}
