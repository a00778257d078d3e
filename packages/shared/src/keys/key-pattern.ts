/**
 * A compiled pattern of `keys(pattern)`: `*` and `%` match any run of characters, `?` matches one character, all else is literal.
 */
export interface KeyPattern {
  /** The literal text before the first wildcard; every match starts with it. */
  readonly literalStart: string
  matches(key: string): boolean
}

/** Compiles `pattern`; case-sensitive, one character is one code point. */
export function keyPattern(pattern: string): KeyPattern {
  const wildcard = pattern.search(/[*%?]/)
  if (wildcard === -1) return { literalStart: pattern, matches: (key) => key === pattern }
  const literalStart = pattern.slice(0, wildcard)
  const rest = pattern.slice(wildcard)
  if (/^[*%]+$/.test(rest)) return { literalStart, matches: (key) => key.startsWith(literalStart) }
  const parts = Array.from(pattern)
  return { literalStart, matches: (key) => matchParts(parts, Array.from(key)) }
}

// Greedy with a single backtracking point: linear for usual patterns and never exponential, unlike a RegExp built from hostile
// input.
function matchParts(pattern: readonly string[], key: readonly string[]): boolean {
  let at = 0
  let position = 0
  let star = -1
  let resume = 0
  while (position < key.length) {
    const part = pattern[at]
    if (part === '*' || part === '%') {
      star = at++
      resume = position
    } else if (part === '?' || (part !== undefined && part === key[position])) {
      at++
      position++
    } else if (star !== -1) {
      at = star + 1
      position = ++resume
    } else {
      return false
    }
  }
  return pattern.slice(at).every((part) => part === '*' || part === '%')
}
