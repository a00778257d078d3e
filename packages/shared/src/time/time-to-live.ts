import { shown } from '../arguments/invalid.js'
import { PersistenceError } from '../errors/persistence-error.js'

/** The name of the caller's argument in errors, and the advice for a wrong one. */
export interface TimeArgument {
  readonly name: string
  /** The end of the message, including its separator; may be empty. */
  readonly advice: string
}

// A value in this range would be a duration of 50 to 90 years, so it is probably a present date passed by mistake.
const FIRST_DATE = Date.UTC(2020, 0)
const LAST_DATE = Date.UTC(2060, 0)

const TTL: TimeArgument = { name: 'ttl', advice: '; leave it out for no expiry' }

// Other caches take an options object here: set(key, value, { ttl }).
const AS_OPTION = '; pass the number of ms itself'

/**
 * Converts a time to live to whole ms, rounded up. An absent one or `Infinity` means no expiry.
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

/**
 * Returns the epoch ms at which an entry written now expires; `null` for never, also when the time exceeds what a number can
 * hold.
 */
export function expiry(now: number, ttl: number | undefined): number | null {
  if (ttl === undefined) return null
  const at = Math.ceil(now + ttl)
  return Number.isSafeInteger(at) ? at : null
}
