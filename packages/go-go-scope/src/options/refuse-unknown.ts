/**
 * Refuses an option with an unknown name, because a misspelt option would be silently ignored.
 *
 * @param title The start of the message.
 * @throws TypeError naming the option and the nearest known one.
 */
export function refuseUnknown(title: string, options: object, known: object): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${title}: must be an object, got ${options === null ? 'null' : typeof options}`)
  }
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(known, name)) continue
    const names = Object.keys(known)
    const nearest = nearestName(name, names)
    const advice = nearest === undefined ? `the options are ${names.join(', ')}` : `did you mean '${nearest}'?`
    throw new TypeError(`${title}: unknown option '${name}'; ${advice}`)
  }
}

/** Returns the member of `known` that `name` most likely means; `undefined` if none is near. */
function nearestName(name: string, known: readonly string[]): string | undefined {
  let nearest: string | undefined
  // Half of the letters may differ, and two in a short name.
  let least = Math.max(2, Math.floor(name.length / 2)) + 1
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (distance < least) [nearest, least] = [candidate, distance]
  }
  return nearest
}

/** Returns the Levenshtein distance: the number of letters to insert, delete or replace. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let line = 1; line <= from.length; line++) {
    const above = row
    row = [line]
    for (let column = 1; column <= to.length; column++) {
      const replaced = (above[column - 1] ?? 0) + (from[line - 1] === to[column - 1] ? 0 : 1)
      row.push(Math.min(replaced, (above[column] ?? 0) + 1, (row[column - 1] ?? 0) + 1))
    }
  }
  return row[to.length] ?? 0
}
