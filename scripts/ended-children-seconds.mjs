import { existsSync, readFileSync } from 'node:fs'

const STAT = '/proc/self/stat'
/** Linux counts in hundredths of a second here, on every machine. */
const TICKS_PER_SECOND = 100

/**
 * Returns the CPU time of all ended child processes of this process, including their own children.
 *
 * @returns {number | undefined} seconds; undefined on any system but Linux
 */
export function endedChildrenSeconds() {
  if (!existsSync(STAT)) return undefined
  const text = readFileSync(STAT, 'utf8')
  // The program's name, in parentheses, may contain spaces: the third field is the first after it.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND
}
