import assert from 'node:assert/strict'
import { type PortSuite, portSuite } from '../suite.js'

export const idempotencyPort: PortSuite = portSuite('idempotency', 'idempotency port', (check) => {
  check('an absent key is null', async ({ port }) => {
    assert.equal(await port.get('k'), null)
  })

  check('a result without ttl comes back with no expiry', async ({ port, clock }) => {
    await port.set('k', [undefined, { id: 7 }])
    clock.advance(100 * 365 * 86_400_000)
    const entry = await port.get('k')
    assert.deepEqual(entry?.value, [undefined, { id: 7 }])
    assert.equal(entry?.expiresAt, undefined)
  })

  check('a result with ttl has its expiry, in epoch ms', async ({ port, clock }) => {
    await port.set('k', [undefined, 1], 1_234)
    assert.deepEqual(await port.get('k'), { value: [undefined, 1], expiresAt: clock.now() + 1_234 })
  })

  check('a result lives for its whole ttl and no longer', async ({ port, clock }) => {
    await port.set('k', 'v', 1_234)
    clock.advance(1_233)
    assert.equal((await port.get('k'))?.value, 'v')
    clock.advance(2)
    assert.equal(await port.get('k'), null)
  })

  check('set replaces the value and the ttl', async ({ port, clock }) => {
    await port.set('k', 'old', 100)
    await port.set('k', 'new')
    clock.advance(101)
    const entry = await port.get('k')
    assert.equal(entry?.value, 'new')
    assert.equal(entry?.expiresAt, undefined)
  })

  check('delete removes one key, and is harmless for an absent one', async ({ port }) => {
    await port.set('a', 1)
    await port.set('b', 2)
    await port.delete('a')
    await port.delete('a')
    assert.equal(await port.get('a'), null)
    assert.equal((await port.get('b'))?.value, 2)
  })

  check('a failure, undefined and null come back as three different results', async ({ port }) => {
    await port.set('nothing', [undefined, undefined])
    await port.set('null', [undefined, null])
    await port.set('failure', [new Error('no'), undefined])
    const nothing = (await port.get<unknown[]>('nothing'))?.value
    assert.deepEqual(nothing, [undefined, undefined])
    assert.equal(nothing?.length, 2)
    assert.deepEqual((await port.get('null'))?.value, [undefined, null])
    const failure = (await port.get<unknown[]>('failure'))?.value
    assert.ok(failure?.[0] instanceof Error)
    assert.equal(failure[0].message, 'no')
    assert.equal(failure.length, 2)
    assert.equal(failure[1], undefined, 'a failed task must not read as a hit')
  })

  check('plain values come back, also falsy ones', async ({ port }) => {
    for (const value of [0, '', false, null, 'text', { list: [1, { deep: null }] }]) {
      await port.set('k', value)
      assert.deepEqual((await port.get('k'))?.value, value)
    }
  })
})
