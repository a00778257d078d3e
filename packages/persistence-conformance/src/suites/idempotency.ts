import assert from 'node:assert/strict'
import { type EngineSuite, engineSuite } from '../suite.js'

export const idempotency: EngineSuite = engineSuite('idempotency', (check) => {
  check('a result outlives the connection, with its expiry', async (world) => {
    const first = await world.openMade({ clock: world.clock })
    await first.idempotency.set('pay 1', [undefined, { id: 7 }], 60_000)
    const expiresAt = world.clock.now() + 60_000
    await first.disconnect()
    const second = await world.openMade({ clock: world.clock })
    assert.deepEqual(await second.idempotency.get('pay 1'), { value: [undefined, { id: 7 }], expiresAt })
  })

  check('an entry without ttl has no expiresAt', async (world) => {
    const { idempotency } = await world.adapter()
    await idempotency.set('k', 1)
    assert.deepEqual(await idempotency.get('k'), { value: 1 })
  })

  check('results and cache entries of one key do not collide', async (world) => {
    const adapter = await world.adapter()
    await adapter.idempotency.set('k', 'result')
    await adapter.cache.set('k', 'cached')
    assert.equal((await adapter.idempotency.get('k'))?.value, 'result')
    await adapter.cache.clear()
    assert.equal((await adapter.idempotency.get('k'))?.value, 'result')
    await adapter.idempotency.delete('k')
    assert.equal(await adapter.idempotency.get('k'), null)
  })

  check('SQLiteIdempotencyAdapter shares results with the adapter of its prefix', async (world) => {
    const handle = (await world.handle()) as never
    const adapter = await world.adapter({ keyPrefix: 'app:' })
    const { SQLiteIdempotencyAdapter } = world.engine
    const alone = world.track(new SQLiteIdempotencyAdapter(handle, { keyPrefix: 'app:', clock: world.clock }))
    const stranger = world.track(new SQLiteIdempotencyAdapter(handle, { keyPrefix: 'other:', clock: world.clock }))
    await alone.connect()
    assert.equal(alone.isConnected(), true)
    await alone.set('k', [undefined, 1], 500)
    assert.deepEqual(await adapter.idempotency.get('k'), { value: [undefined, 1], expiresAt: world.clock.now() + 500 })
    assert.equal(await stranger.get('k'), null)
    await adapter.idempotency.delete('k')
    assert.equal(await alone.get('k'), null)
  })

  check('SQLiteIdempotencyAdapter connects by itself', async (world) => {
    const handle = (await world.handle()) as never
    const alone = world.track(new world.engine.SQLiteIdempotencyAdapter(handle, { clock: world.clock }))
    await alone.set('k', 1)
    assert.equal((await alone.get('k'))?.value, 1)
  })

  check('a failed result keeps the place of its value empty across connections', async (world) => {
    const failure = new TypeError('refused', { cause: 'balance' })
    const first = await world.openMade()
    await first.idempotency.set('failed', [failure, undefined])
    await first.idempotency.set('nothing', [undefined, undefined])
    await first.idempotency.set('null', [undefined, null])
    await first.disconnect()
    const { idempotency } = await world.openMade()
    const failed = (await idempotency.get<unknown[]>('failed'))?.value
    assert.ok(failed?.[0] instanceof TypeError)
    assert.equal(failed[0].cause, 'balance')
    assert.deepEqual(failed.slice(1), [undefined])
    assert.deepEqual((await idempotency.get('nothing'))?.value, [undefined, undefined])
    assert.deepEqual((await idempotency.get('null'))?.value, [undefined, null])
  })

  check('prune removes expired results of the file and returns how many', async (world) => {
    const { idempotency } = await world.adapter()
    await idempotency.set('a', 1, 10)
    await idempotency.set('b', 1, 10)
    await idempotency.set('kept', 1)
    world.clock.advance(11)
    assert.equal(await idempotency.prune(), 2)
    assert.equal(await idempotency.prune(), 0)
    assert.equal((await world.rows('SELECT key FROM go_goscope_idempotency')).length, 1)
  })
})
