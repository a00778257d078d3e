import { PersistenceError, type PersistenceErrorCode } from '../errors/persistence-error.js'
import { shown } from './invalid.js'
import { nearestOf } from './nearest.js'
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
