import { nearestName } from './nearest-name.js'

/** The names that options of type `T` may have; a name that is missing or too much does not compile. */
export type KnownNames<T> = Readonly<Record<keyof Required<T>, true>>

/**
 * Refuses options with an unknown name: a misspelt one would be ignored in silence.
 *
 * @param title begins the message.
 * @throws TypeError naming the option and the nearest known one.
 */
export function refuseUnknown(title: string, options: object, known: Readonly<Record<string, true>>): void {
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
