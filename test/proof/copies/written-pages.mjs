import { seededRandom } from '../seeded-random.mjs'

/** @typedef {{ id: number, size: number }} Write Of a row; with the size 0 it is deleted. */

const ROWS = 150
const LONGEST = 30_000
const SHRINKS_EVERY = 40

/**
 * The transactions of one writer, from the first on: for the writer to make and for a test to replay.
 *
 * @param {number} seed
 * @returns {Generator<Write[], never>}
 */
export function* transactions(seed) {
  const random = seededRandom(seed)
  const below = (/** @type {number} */ limit) => Math.floor(random() * limit)
  for (let number = 1; ; number++) {
    yield number % SHRINKS_EVERY === 0
      ? Array.from({ length: ROWS }, (_, id) => ({ id, size: 0 })).filter(({ id }) => id % 3 > 0)
      : Array.from({ length: 1 + below(6) }, () => ({ id: below(ROWS), size: 1 + below(LONGEST) }))
  }
}

/**
 * The text of a row, which no other write of that row has.
 *
 * @param {number} number of the transaction
 * @param {Write} write
 */
export function textOf(number, { id, size }) {
  return `${number}-${id} `.repeat(size / 4).slice(0, size)
}
