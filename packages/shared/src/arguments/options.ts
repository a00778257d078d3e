import { PersistenceError, type PersistenceErrorCode } from '../errors/persistence-error.js'
import { shown, tagOf } from './invalid.js'
import { nearestOf } from './nearest.js'
import { readMembers } from './read-argument.js'

/** The names of all options of a kind. The type ensures that the list is complete and has no other names. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>

/** Options with their defaults. Those named by `NoDefault` are `undefined` if the caller has left them out. */
export type Complete<Options, NoDefault extends keyof Options = never> = {
  readonly [Name in keyof Required<Options>]: Name extends NoDefault ? Options[Name] : Exclude<Options[Name], undefined>
}

/**
 * Returns the caller's options, after reading each exactly once.
 *
 * @param where Names the object in the message, if it is not the options object itself: `statements[0]: `.
 * @throws PersistenceError `code` for a value that is not a plain object, such as a promise; for an unknown name, with the
 *   nearest option; for an option whose getter throws.
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
    const subject = where === '' ? 'options' : where.replace(/: $/, '')
    const wanted = `an object with ${known.join(', ')}`
    throw new PersistenceError(code, operation, `${operation}: ${subject} must be ${wanted}, got ${shown(options)}`)
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
 * A promise, a RegExp or an empty array has no enumerable names, so it would silently choose every default. The usual object is
 * recognized by its prototype, at a tenth of the cost of its tag. An object of another realm, as in Jest, or of a class is
 * recognized by its tag.
 */
function isPlain(options: object): boolean {
  return Object.getPrototypeOf(options) === Object.prototype || ['Object', 'Module'].includes(tagOf(options))
}

/** Returns `undefined` for a value that is not an object with options. */
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
