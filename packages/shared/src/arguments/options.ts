import { PersistenceError, type PersistenceErrorCode } from '../errors/persistence-error.js'
import { shown } from './invalid.js'
import { readMembers } from './read-argument.js'

/** The names of all options of a kind: the type makes sure that none is missing and none is made up. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>

/**
 * The caller's options, each read once.
 *
 * @param where Begins the problem in the message, for an object of several: `statements[0]: `.
 * @throws PersistenceError `code` for a value that is no object, for a name that is no option, with the nearest
 *   option, and for an option whose getter throws.
 */
export function readOptions<Options extends object>(
  options: Options,
  names: OptionNames<Options>,
  operation: string,
  code: PersistenceErrorCode = 'INVALID_ARGUMENT',
  where = '',
): Options {
  const known = Object.keys(names) as (keyof Options & string)[]
  const refuse = (problem: string): PersistenceError =>
    new PersistenceError(code, operation, `${operation}: ${where}${problem}`)
  if (typeof options !== 'object' || options === null) {
    throw refuse(`options must be an object with ${known.join(', ')}, got ${shown(options)}`)
  }
  for (const name of enumerableNames(options, operation, code, where)) {
    if (Object.hasOwn(names, name)) continue
    const nearest = nearestOf(name, known)
    const advice = nearest === undefined ? 'the' : `did you mean ${nearest}? The`
    throw refuse(`there is no option ${JSON.stringify(name)}; ${advice} options are ${known.join(', ')}`)
  }
  return readMembers(options, known, operation, `${where}option `, code) as Options
}

function enumerableNames(options: object, operation: string, code: PersistenceErrorCode, where: string): string[] {
  try {
    return Object.keys(options)
  } catch (cause) {
    throw new PersistenceError(
      code,
      operation,
      `${operation}: ${where}options must be a plain object, its names cannot be read`,
      cause,
    )
  }
}

/** The one that takes the fewest changes of a letter, unless that is nearly another word. */
function nearestOf(name: string, known: readonly string[]): string | undefined {
  let nearest: string | undefined
  let fewest = Math.max(2, name.length / 2)
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
  // Of a name this long nothing is near.
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
