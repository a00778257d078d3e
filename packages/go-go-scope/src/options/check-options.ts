import { checkValue, type Wanted } from './check-value.js'
import { refuseUnknown } from './refuse-unknown.js'

/** The check for each option of `T`, if it is given. A missing or an extra name does not compile. */
export type OptionTable<T> = Readonly<Record<keyof Required<T>, Wanted>>

/**
 * Refuses an unknown option and an invalid value.
 *
 * @param of The owner of the options, which begins the message, for example `task`.
 * @param member The option that contains these options as its members.
 * @throws TypeError naming the option, and what it must be or the nearest known one.
 */
export function checkOptions<T extends object>(of: string, options: T, table: OptionTable<T>, member?: string): void {
  const titles =
    member === undefined
      ? { all: `${of} options`, one: `${of} option ` }
      : { all: `${of} option ${member}`, one: `${of} option ${member}: ` }
  refuseUnknown(titles.all, options, table)
  for (const [name, wanted] of Object.entries<Wanted>(table)) {
    const value = options[name as keyof T]
    if (value !== undefined) checkValue(titles.one + name, value, wanted)
  }
}
