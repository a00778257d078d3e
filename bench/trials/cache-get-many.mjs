import assert from 'node:assert/strict'
import { fillCache } from './check.mjs'
import { KEYS, manyKeys, VALUES } from './sample.mjs'

const COUNT = 100

export const trial = {
  title: `cache getMany of ${COUNT}`,
  fill: fillCache,
  async check({ cache }) {
    const given = await cache.getMany(KEYS.slice(0, COUNT))
    for (let at = 0; at < COUNT; at++) assert.deepEqual(given.get(KEYS[at]), VALUES[at])
  },
  one:
    ({ cache }) =>
    (index) =>
      cache.getMany(manyKeys(index * COUNT, COUNT)),
}
