/** Returns the known name with the smallest edit distance, or `undefined` when that is too large for a typing error. */
export function nearestOf(name: string, known: readonly string[]): string | undefined {
  let nearest: string | undefined
  // More changes than four make another word: `failureThreshold` is not a slip for `successThreshold`.
  let fewest = Math.max(2, Math.min(name.length / 2, 4))
  for (const candidate of known) {
    const changes = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (changes <= fewest && (nearest === undefined || changes < fewest)) {
      nearest = candidate
      fewest = changes
    }
  }
  return nearest
}

function editDistance(from: string, to: string): number {
  // Nothing is near a name this long.
  if (from.length > 100) return Number.POSITIVE_INFINITY
  let row = Array.from({ length: to.length + 1 }, (_, at) => at)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[to.length] as number
}
