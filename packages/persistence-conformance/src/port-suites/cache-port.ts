import assert from 'node:assert/strict'
import { type PortSuite, portSuite } from '../suite.js'

const PLAIN_VALUES: readonly unknown[] = [
  0,
  -1.5,
  '',
  'text',
  true,
  false,
  [],
  {},
  [1, [2, [null]]],
  { nested: { list: [1, { deep: true }], none: null } },
]

export const cachePort: PortSuite = portSuite('cache', 'cache port', (check) => {
  check('get of an absent key is null, and has is false', async ({ port }) => {
    assert.equal(await port.get('k'), null)
    assert.equal(await port.has('k'), false)
    assert.deepEqual(await port.keys(), [])
  })

  check('values come back deep-equal', async ({ port }) => {
    for (const value of PLAIN_VALUES) {
      await port.set('k', value)
      assert.deepEqual(await port.get('k'), value)
    }
  })

  check('only has distinguishes a cached null from an absent key', async ({ port }) => {
    await port.set('k', null)
    assert.equal(await port.get('k'), null)
    assert.equal(await port.has('k'), true)
  })

  check('set replaces the value', async ({ port }) => {
    await port.set('k', { first: 1 })
    await port.set('k', { second: 2 })
    assert.deepEqual(await port.get('k'), { second: 2 })
    assert.deepEqual(await port.keys(), ['k'])
  })

  check('delete removes one key, and is harmless for an absent one', async ({ port }) => {
    await port.set('a', 1)
    await port.set('b', 2)
    await port.delete('a')
    await port.delete('a')
    assert.equal(await port.get('a'), null)
    assert.equal(await port.has('a'), false)
    assert.equal(await port.get('b'), 2)
  })

  check('an entry lives for its whole ttl and no longer', async ({ port, clock }) => {
    await port.set('k', 'v', 1_500)
    clock.advance(1_499)
    assert.equal(await port.get('k'), 'v')
    assert.equal(await port.has('k'), true)
    clock.advance(2)
    assert.equal(await port.get('k'), null)
    assert.equal(await port.has('k'), false)
    assert.deepEqual(await port.keys(), [])
  })

  check('a ttl below one second is kept to the millisecond', async ({ port, clock }) => {
    await port.set('k', 'v', 20)
    clock.advance(19)
    assert.equal(await port.get('k'), 'v')
    clock.advance(2)
    assert.equal(await port.get('k'), null)
  })

  check('an entry without ttl stays', async ({ port, clock }) => {
    await port.set('k', 'v')
    clock.advance(100 * 365 * 86_400_000)
    assert.equal(await port.get('k'), 'v')
  })

  check('set replaces the ttl too', async ({ port, clock }) => {
    await port.set('longer', 1, 100)
    await port.set('longer', 1, 1_000)
    await port.set('for ever', 1, 100)
    await port.set('for ever', 1)
    await port.set('shorter', 1)
    await port.set('shorter', 1, 100)
    clock.advance(101)
    assert.deepEqual((await port.keys()).toSorted(), ['for ever', 'longer'])
  })

  check('an expired key may be set again', async ({ port, clock }) => {
    await port.set('k', 'old', 100)
    clock.advance(101)
    await port.set('k', 'new', 100)
    assert.equal(await port.get('k'), 'new')
  })

  check('clear empties the cache', async ({ port }) => {
    await port.set('a', 1)
    await port.set('b', 2, 1_000)
    await port.clear()
    assert.deepEqual(await port.keys(), [])
    assert.equal(await port.get('a'), null)
    await port.clear()
  })

  check('keys lists unexpired keys, all of them or those that match', async ({ port, clock }) => {
    for (const key of ['user:1', 'user:22', 'admin:1', 'user', 'x']) await port.set(key, key)
    await port.set('user:gone', 0, 50)
    clock.advance(51)
    const matching = async (pattern?: string) => (await port.keys(pattern)).toSorted()
    assert.deepEqual(await matching(), ['admin:1', 'user', 'user:1', 'user:22', 'x'])
    assert.deepEqual(await matching('*'), ['admin:1', 'user', 'user:1', 'user:22', 'x'])
    assert.deepEqual(await matching('user:*'), ['user:1', 'user:22'])
    assert.deepEqual(await matching('*:1'), ['admin:1', 'user:1'])
    assert.deepEqual(await matching('u*r*2'), ['user:22'])
    assert.deepEqual(await matching('user'), ['user'])
    assert.deepEqual(await matching('USER*'), [])
    assert.deepEqual(await matching('nobody*'), [])
  })
})
