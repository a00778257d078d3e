import assert from 'node:assert/strict'
import { KEYS, VALUES } from './sample.mjs'

/**
 * Runs an operation on every row, 100 at a time, and compares each result.
 *
 * @param {(index: number) => unknown} operation
 * @param {(index: number) => unknown} expected
 */
export async function checkEach(operation, expected) {
  for (let from = 0; from < KEYS.length; from += 100) {
    const indexes = Array.from({ length: Math.min(100, KEYS.length - from) }, (_, at) => from + at)
    const given = await Promise.all(indexes.map(operation))
    for (const [at, index] of indexes.entries()) assert.deepEqual(given[at], expected(index))
  }
}

/** Checks that a cache holds every sample value under its key. */
export async function checkCache({ cache }) {
  if (cache.getBatch) assert.deepEqual(await cache.getBatch(KEYS), VALUES)
  else
    await checkEach(
      (index) => cache.get(KEYS[index]),
      (index) => VALUES[index],
    )
}

/** Stores every sample value. */
export async function fillCache({ cache }) {
  if (cache.setBatch) await cache.setBatch(KEYS.map((key, at) => [key, VALUES[at]]))
  else await Promise.all(KEYS.map((key, at) => cache.set(key, VALUES[at])))
}
