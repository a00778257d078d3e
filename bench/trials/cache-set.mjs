import { checkCache, fillCache } from './check.mjs'
import { keyAt, manyEntries, valueAt } from './sample.mjs'

export const trial = {
  title: 'cache set',
  writes: true,
  fill: fillCache,
  check: checkCache,
  one:
    ({ cache }) =>
    (index) =>
      cache.set(keyAt(index), valueAt(index)),
  many:
    ({ cache }) =>
    (index, count) =>
      cache.setBatch(manyEntries(index, count)),
}
