import { checkCache, fillCache } from './check.mjs'
import { keyAt, valueAt } from './sample.mjs'

/** Four reads to one write, in turn. */
export const trial = {
  title: 'cache mixed: 4 get, 1 set',
  writes: true,
  fill: fillCache,
  check: checkCache,
  one:
    ({ cache }) =>
    (index) =>
      index % 5 === 0 ? cache.set(keyAt(index), valueAt(index)) : cache.get(keyAt(index)),
}
