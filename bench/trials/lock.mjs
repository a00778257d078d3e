import assert from 'node:assert/strict'
import { KEYS, keyAt, TTL } from './sample.mjs'

export const trial = {
  title: 'lock acquire + release',
  async check({ lock }) {
    const handle = await lock.acquire(KEYS[0], TTL)
    assert.equal(await lock.acquire(KEYS[0], TTL), null)
    await handle.release()
    const again = await lock.acquire(KEYS[0], TTL)
    assert.ok(again)
    await again.release()
  },
  one:
    ({ lock }) =>
    async (index) => {
      const handle = await lock.acquire(keyAt(index), TTL)
      await handle.release()
    },
}
