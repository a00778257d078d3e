import { randomInt } from 'node:crypto'

/**
 * Lock tokens and claim generations of a copy start above every number that its original can have granted since. That number is
 * not always known: not for a lost file, and not for another copy that is also in use. Therefore the numbers of a copy start at a
 * value derived from the clock, which advances faster than any file grants numbers.
 */
const NUMBERS_AN_HOUR = 2 ** 33
const HOUR_MS = 3_600_000
const BEGINNING_MS = Date.UTC(2025, 0, 1)

/** Two copies that are taken into use at the same time start so far apart that their numbers hardly ever meet: 2^30 are 7.5 minutes. */
const SPREAD = 2 ** 30

/** Minimum distance from the highest known number, in case the clock is behind. */
const LEAST_JUMP = 2 ** 32

/** A clock that is far ahead must not use up the exact integers: 50,000 jumps remain above this limit. */
const LATEST = 2 ** 53 - 2 ** 48

/** Where the numbers of a copy start: above `max(<every known number> + jump, clock) + beyond`. */
export interface NewNumbers {
  readonly jump: number
  readonly clock: number
  readonly beyond: number
}

/**
 * @param now Epoch ms.
 * @param random Returns an integer from 0 to below the limit.
 */
export function newNumbers(now: number, random: (limit: number) => number = randomInt): NewNumbers {
  const clock = Math.floor(((now - BEGINNING_MS) / HOUR_MS) * NUMBERS_AN_HOUR)
  return { jump: LEAST_JUMP, clock: Math.max(0, Math.min(LATEST, clock)), beyond: random(SPREAD) }
}
