/** The rule of `keys(pattern)` in its simplest form: `*` and `%` match any text, `?` one code point, all else itself. */
export function matchesPattern(pattern: string, key: string): boolean {
  return matches(Array.from(pattern), Array.from(key))
}

function matches(pattern: readonly string[], key: readonly string[]): boolean {
  const [first, ...rest] = pattern
  if (first === undefined) return key.length === 0
  if (first === '*' || first === '%') return matches(rest, key) || (key.length > 0 && matches(pattern, key.slice(1)))
  return key.length > 0 && (first === '?' || first === key[0]) && matches(rest, key.slice(1))
}
