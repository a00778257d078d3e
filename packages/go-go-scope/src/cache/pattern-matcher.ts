/**
 * Tells whether a key matches `pattern`, in which `*` stands for any run of characters and all else for itself.
 *
 * Each part between two stars is taken where it first occurs after the part before it: no later place could let more of
 * the rest match. So nothing is tried twice, where a RegExp made from the pattern takes time exponential in its stars.
 */
export function patternMatcher(pattern: string): (key: string) => boolean {
  const [start = '', ...parts] = pattern.split('*')
  const end = parts.pop()
  if (end === undefined) return (key) => key === start
  return (key) => {
    if (!key.startsWith(start) || !key.endsWith(end)) return false
    let position = start.length
    for (const part of parts) {
      const found = key.indexOf(part, position)
      if (found === -1) return false
      position = found + part.length
    }
    return position <= key.length - end.length
  }
}
