/** The check for the value of an option. */
export interface Wanted {
  /** What follows "must be". */
  readonly wanted: string
  fits(value: unknown): boolean
}

const number = (wanted: string, fits: (value: number) => boolean): Wanted => ({
  wanted,
  fits: (value) => typeof value === 'number' && fits(value),
})

export const MS: Wanted = number('a number of ms from 0', (value) => value >= 0)
export const MS_ABOVE_0: Wanted = number('a number of ms above 0', (value) => value > 0)
export const FROM_0: Wanted = number('a number from 0', (value) => value >= 0)
export const FROM_1: Wanted = number('a number from 1', (value) => value >= 1)
export const WHOLE_FROM_0: Wanted = number(
  'a whole number from 0',
  (value) => Number.isSafeInteger(value) && value >= 0,
)
export const ANY_NUMBER: Wanted = number('a number', (value) => !Number.isNaN(value))
export const TEXT: Wanted = { wanted: 'a string', fits: (value) => typeof value === 'string' }
export const OBJECT: Wanted = { wanted: 'an object', fits: (value) => typeof value === 'object' && value !== null }
/** Accepts an object that has the method. */
export const having = (method: string): Wanted => ({
  wanted: `an object with ${method}()`,
  fits: (value) => typeof (value as Readonly<Record<string, unknown>> | null)?.[method] === 'function',
})
export const oneOf = (...texts: readonly string[]): Wanted => ({
  wanted: texts.map((text) => `'${text}'`).join(' or '),
  fits: (value) => texts.includes(value as string),
})
/** Accepts every value: it is checked elsewhere, or needs no check. */
export const ANYTHING: Wanted = { wanted: 'anything', fits: () => true }

/**
 * Refuses an invalid value. For example, a time that is not a number would never come, or come at once.
 *
 * @param title The start of the message.
 * @throws TypeError naming the option, what it must be and the value.
 */
export function checkValue(title: string, value: unknown, { wanted, fits }: Wanted): void {
  if (!fits(value)) throw new TypeError(`${title}: must be ${wanted}, got ${shown(value)}`)
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  return typeof value === 'number' || value === null ? String(value) : typeof value
}
