/**
 * Refuses an option whose name is unknown: a misspelt option would be ignored in silence.
 *
 * @param title begins the message.
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

/** The name of `known` that `name` was most likely meant to be, or `undefined` when none is near. */
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

/** The Levenshtein distance: the letters to insert, delete or replace. The table is computed row by row. */
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
