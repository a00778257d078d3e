/** Names `name` with `first <= name < end` in code point order; `null`: no upper bound. */
export interface NameRange {
  readonly first: string
  readonly end: string | null
}

/** All names. */
export const ALL_NAMES: NameRange = { first: '', end: null }

/** All names that start with one text. */
export interface KeyRange extends NameRange {
  readonly end: string
}

/**
 * Returns the range of names that start with `prefix`.
 *
 * @param prefix Must contain a character below U+10FFFF; every stored prefix does, because it contains a tag or a mark.
 */
export function keyRange(prefix: string): KeyRange {
  const end = rangeEnd(prefix)
  if (end === null) throw new RangeError('no string is greater than every string with this prefix')
  return { first: prefix, end }
}

/** Returns the range of names that start with `prefix`, which may be any text. */
export function nameRange(prefix: string): NameRange {
  return { first: prefix, end: rangeEnd(prefix) }
}

/** Returns whether `name` is in the range. Compares UTF-8 bytes, because `<` of JavaScript sorts U+10000 before U+FFFF. */
export function isInRange(name: string, { first, end }: NameRange): boolean {
  const bytes = Buffer.from(name)
  return bytes.compare(Buffer.from(first)) >= 0 && (end === null || bytes.compare(Buffer.from(end)) < 0)
}

/**
 * Returns the smallest string that is greater than every string starting with `prefix`, in SQLite's BINARY order, which is code
 * point order for UTF-8 text; `null` when there is none.
 *
 * With it, a prefix is the half-open range `key >= prefix AND key < end`: literal and index-driven, unlike LIKE or GLOB.
 */
function rangeEnd(prefix: string): string | null {
  const points = Array.from(prefix)
  for (let point = points.pop(); point !== undefined; point = points.pop()) {
    const code = point.codePointAt(0) ?? 0
    if (code === 0x10ffff) continue
    // The code points in between are surrogates, which well-formed text does not contain.
    const next = code === 0xd7ff ? 0xe000 : code + 1
    return points.join('') + String.fromCodePoint(next)
  }
  return null
}
