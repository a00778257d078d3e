import { seededRandom } from '../seeded-random.mjs'

/** @typedef {{ id: number, size: number }} Write a write of a row; size 0 deletes it */

/**
 * `rows` are inserted, grow, shrink and are deleted. With `contents` only texts change in place: no page is linked anew, so an
 * outdated page passes every check of the engine.
 *
 * @typedef {'rows' | 'contents'} Kind
 */

const ROWS = 150
const LONGEST = 30_000
const SHRINKS_EVERY = 40

/**
 * Yields the transactions of one writer from the first on, for the writer to make and for a test to replay.
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
 * Returns the text of a row, which is unique among the writes of the row.
 *
 * @param {number} number of the transaction
 * @param {Write} write
 */
export function textOf(number, { id, size }) {
  return `${number}-${id} `.repeat(size / 4).slice(0, size)
}
