import { seededRandom } from '../seeded-random.mjs'

/** @typedef {{ id: number, size: number }} Write Of a row; with the size 0 it is deleted. */

/**
 * `rows` come, grow, shrink and go. Of `contents` only the texts change, each in its place: not one page is linked anew, so a
 * page that is old is sound by every check.
 *
 * @typedef {'rows' | 'contents'} Kind
 */

const ROWS = 150
const LONGEST = 30_000
const SHRINKS_EVERY = 40

/**
 * The transactions of one writer, from the first on: for the writer to make and for a test to replay.
 *
 * @param {number} seed
 * @param {Kind} kind
 * @returns {Generator<Write[], never>}
 */
export function* transactions(seed, kind) {
  const random = seededRandom(seed)
  const below = (/** @type {number} */ limit) => Math.floor(random() * limit)
  const all = Array.from({ length: ROWS }, (_, id) => ({ id, size: kind === 'rows' ? 0 : LONGEST - id }))
  if (kind === 'contents') yield all
  for (let number = 1; ; number++) {
    const some = Array.from({ length: 1 + below(6) }, () => below(ROWS))
    if (kind === 'contents') yield all.filter(({ id }) => some.includes(id))
    else if (number % SHRINKS_EVERY === 0) yield all.filter(({ id }) => id % 3 > 0)
    else yield some.map((id) => ({ id, size: 1 + below(LONGEST) }))
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
