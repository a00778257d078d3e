import { PersistenceError, type PersistenceErrorCode } from '../errors/persistence-error.js'
import { kindOf, shown } from './invalid.js'
import { nearestOf } from './nearest.js'
import { readMembers } from './read-argument.js'

/** The names of all options of a kind: the type makes sure that none is missing and none is made up. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>

/**
 * The caller's options, each read once.
 *
 * @param where Names the object in the message where it is not that of all options: `statements[0]: `.
 * @throws PersistenceError `code` for what is no plain object, as a promise, for a name that is no option, with the nearest
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
  const given = enumerableNames(options, operation, code, where)
  if (given === undefined) {
    const subject = where === '' ? 'options ' : ''
    throw refuse(`${subject}must be an object with ${known.join(', ')}, got ${shown(options)}`)
  }
  for (const name of given) {
    if (Object.hasOwn(names, name)) continue
    const nearest = nearestOf(name, known)
    const advice = nearest === undefined ? 'the' : `did you mean ${nearest}? The`
    throw refuse(`there is no option ${JSON.stringify(name)}; ${advice} options are ${known.join(', ')}`)
  }
  return readMembers(options, known, operation, `${where}option `, code) as Options
}

/**
 * A promise, a RegExp or an empty array has no names: as options it would choose every default, in silence. The usual object is
 * known by its prototype, which costs a tenth of its kind; one of another realm, as of Jest, or of a class by that.
 */
function isPlain(options: object): boolean {
  return Object.getPrototypeOf(options) === Object.prototype || ['Object', 'Module'].includes(kindOf(options))
}

/** `undefined` for what is no object with options. */
function enumerableNames(
  options: unknown,
  operation: string,
  code: PersistenceErrorCode,
  where: string,
): string[] | undefined {
  if (typeof options !== 'object' || options === null) return undefined
  try {
    return isPlain(options) ? Object.keys(options) : undefined
  } catch (cause) {
    throw new PersistenceError(
      code,
      operation,
      `${operation}: ${where}options must be a plain object, its names cannot be read`,
      cause,
    )
  }
}
