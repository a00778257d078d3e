import { checkCache, fillCache } from './check.mjs'
import { KEYS, manyEntries, ROWS, VALUES } from './sample.mjs'

const COUNT = 100

export const trial = {
  title: `cache setMany of ${COUNT}`,
  writes: true,
  fill: fillCache,
  async check(store) {
    // Moves every value to the next key and back, and checks that reads return what setMany wrote.
    await store.cache.setMany(KEYS.map((key, at) => [key, VALUES[(at + 1) % ROWS]]))
    await store.cache.setMany(KEYS.map((key, at) => [key, VALUES[at]]))
    await checkCache(store)
  },
  one:
    ({ cache }) =>
    (index) =>
      cache.setMany(manyEntries(index * COUNT, COUNT)),
}
