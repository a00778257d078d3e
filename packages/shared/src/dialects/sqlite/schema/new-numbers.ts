import { randomInt } from 'node:crypto'

/**
 * Lock tokens and claim generations go on from a copy beyond every number that its original can have given since. What
 * the original has given is not always known: of a file that is lost it is not, nor of another copy that goes on as well.
 * So the numbers of a copy begin where the clock is, which has gone faster than any file gives numbers.
 */
const NUMBERS_AN_HOUR = 2 ** 33
const HOUR_MS = 3_600_000
const BEGINNING_MS = Date.UTC(2025, 0, 1)

/** Two copies that go on at the same time begin so far apart that neither comes to a number of the other: 2^30 are 7.5 minutes. */
const SPREAD = 2 ** 30

/** Beyond what is known to have been given, should the clock be behind. */
const LEAST_JUMP = 2 ** 32

/** The clock of a machine that is far ahead must not use up the numbers that are exact: there are 50,000 jumps after it. */
const LATEST = 2 ** 53 - 2 ** 48

/** Where the numbers of a copy begin: above `max(<every number that is known> + jump, clock) + beyond`. */
export interface NewNumbers {
  readonly jump: number
  readonly clock: number
  readonly beyond: number
}

/**
 * @param now Epoch ms.
 * @param random A whole number from 0 to below the limit.
 */
export function newNumbers(now: number, random: (limit: number) => number = randomInt): NewNumbers {
  const clock = Math.floor(((now - BEGINNING_MS) / HOUR_MS) * NUMBERS_AN_HOUR)
  return { jump: LEAST_JUMP, clock: Math.max(0, Math.min(LATEST, clock)), beyond: random(SPREAD) }
}
