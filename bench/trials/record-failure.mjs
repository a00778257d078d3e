import assert from 'node:assert/strict'
import { KEYS } from './sample.mjs'

// Few breakers and many calls, as during an outage; the threshold is never reached.
const BREAKERS = KEYS.slice(0, 16)
const THRESHOLD = 1_000_000_000
const breakerAt = (index) => BREAKERS[index & 15]

export const trial = {
  title: 'circuit breaker recordFailure',
  writes: true,
  async check({ breaker }) {
    const names = Array.from({ length: 100 }, (_, at) => breakerAt(at))
    const counts = breaker.recordFailureBatch
      ? await breaker.recordFailureBatch(names, THRESHOLD)
      : await Promise.all(names.map((name) => breaker.recordFailure(name, THRESHOLD)))
    // Sorted: the counts are right, but calls that sqlite3 receives without awaiting run in the order in which its threads take them.
    assert.deepEqual(
      counts.sort((one, other) => one - other),
      names.map((_, at) => Math.floor(at / BREAKERS.length) + 1),
    )
  },
  one:
    ({ breaker }) =>
    (index) =>
      breaker.recordFailure(breakerAt(index), THRESHOLD),
  many:
    ({ breaker }) =>
    (index, count) =>
      breaker.recordFailureBatch(
        Array.from({ length: count }, (_, at) => breakerAt(index + at)),
        THRESHOLD,
      ),
}
