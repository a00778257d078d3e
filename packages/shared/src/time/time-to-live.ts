import { shown } from '../arguments/invalid.js'
import { PersistenceError } from '../errors/persistence-error.js'

/** What the caller's argument is called in errors, and what to do about a wrong one. */
export interface TimeArgument {
  readonly name: string
  /** The end of the message, with its separator; may be empty. */
  readonly advice: string
}

// A duration within these is one of 50 to 90 years, or a date of our time that was taken for one.
const FIRST_DATE = Date.UTC(2020, 0)
const LAST_DATE = Date.UTC(2060, 0)

const TTL: TimeArgument = { name: 'ttl', advice: '; leave it out for no expiry' }

// Other caches take options here: set(key, value, { ttl }).
const AS_OPTION = '; pass the number of ms itself'

/**
 * A time to live in whole ms: a fraction is rounded up; absent or `Infinity` is no expiry.
 *
 * @returns `undefined` when there is no expiry.
 * @throws PersistenceError `INVALID_TTL` for anything that is not a positive number, and for an epoch time.
 */
export function timeToLive(
  ttl: number | undefined,
  operation: string,
  { name, advice }: TimeArgument = TTL,
): number | undefined {
  if (ttl === undefined || ttl === Number.POSITIVE_INFINITY) return undefined
  if (typeof ttl !== 'number' || !(ttl > 0)) {
    throw refused(
      operation,
      `${name} must be a positive number of ms, got ${typed(ttl)}${typeof ttl === 'object' && ttl !== null ? AS_OPTION : advice}`,
    )
  }
  if (ttl >= FIRST_DATE && ttl < LAST_DATE) {
    throw refused(
      operation,
      `${name} must be how many ms from now, got ${ttl}, which is the time ${new Date(ttl).toISOString()}; pass the difference to the time it is now`,
    )
  }
  return Math.ceil(ttl)
}

function refused(operation: string, problem: string): PersistenceError {
  return new PersistenceError('INVALID_TTL', operation, `${operation}: ${problem}`)
}

const typed = (value: unknown): string =>
  typeof value === 'number' ? String(value) : `${typeof value} ${shown(value)}`

/** Epoch ms at which something written now expires; `null` when never, also when it is past what a number can hold. */
export function expiry(now: number, ttl: number | undefined): number | null {
  if (ttl === undefined) return null
  const at = Math.ceil(now + ttl)
  return Number.isSafeInteger(at) ? at : null
}
