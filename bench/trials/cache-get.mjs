import { checkCache, fillCache } from './check.mjs'
import { keyAt, manyKeys } from './sample.mjs'

export const trial = {
  title: 'cache get',
  fill: fillCache,
  check: checkCache,
  one:
    ({ cache }) =>
    (index) =>
      cache.get(keyAt(index)),
  many:
    ({ cache }) =>
    (index, count) =>
      cache.getBatch(manyKeys(index, count)),
}
