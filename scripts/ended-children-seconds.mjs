import { existsSync, readFileSync } from 'node:fs'

const STAT = '/proc/self/stat'
/** Linux counts in hundredths of a second here on every machine. */
const TICKS_PER_SECOND = 100

/**
 * What all processes have taken of the processors that this one has started and that have ended, with theirs.
 *
 * @returns {number | undefined} seconds; undefined on a system that does not say it, which is any but Linux
 */
export function endedChildrenSeconds() {
  if (!existsSync(STAT)) return undefined
  const text = readFileSync(STAT, 'utf8')
  // The name of the program, in parentheses, may hold spaces: the third field is the first behind it.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND
}
