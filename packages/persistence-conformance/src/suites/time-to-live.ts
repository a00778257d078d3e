import assert from 'node:assert/strict'
import fc from 'fast-check'
import { eventually } from '../eventually.js'
import { forAll } from '../property.js'
import { type EngineSuite, engineSuite } from '../suite.js'

export const timeToLive: EngineSuite = engineSuite('time to live', (check) => {
  check('for every ttl, an entry is there before it ends and gone after', async (world) => {
    const { cache, idempotency } = await world.adapter()
    const ttl = fc.oneof(
      fc.integer({ min: 1, max: 5_000 }),
      fc.double({ min: 0.001, max: 100, noNaN: true }),
      fc.constant(86_400_000 * 400),
    )
    await forAll(ttl, 80, async (ttl) => {
      await cache.set('k', 1, ttl)
      await idempotency.set('k', 1, ttl)
      const whole = Math.ceil(ttl)
      assert.equal((await idempotency.get('k'))?.expiresAt, world.clock.now() + whole)
      world.clock.advance(whole - 1)
      assert.equal(await cache.has('k'), true)
      assert.deepEqual(await cache.keys(), ['k'])
      assert.ok((await idempotency.get('k')) !== null)
      world.clock.advance(1)
      assert.equal(await cache.has('k'), false)
      assert.equal(await cache.get('k'), null)
      assert.deepEqual(await cache.keys(), [])
      assert.equal((await cache.getMany(['k'])).size, 0)
      assert.equal(await idempotency.get('k'), null)
    })
  })

  check('a ttl too long for any calendar is no expiry', async (world) => {
    const { cache, idempotency } = await world.adapter()
    for (const ttl of [Number.MAX_VALUE, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY]) {
      await cache.set('k', 1, ttl)
      await idempotency.set('k', 1, ttl)
      world.clock.advance(10 ** 12)
      assert.equal(await cache.get('k'), 1)
      assert.equal((await idempotency.get('k'))?.value, 1)
    }
  })

  check.inFile('expiries are stored as whole epoch ms', async (world) => {
    const { cache } = await world.adapter()
    await cache.set('k', 1, 1_234.5)
    const [row] = await world.rows('SELECT expires_at, typeof(expires_at) AS type FROM go_goscope_cache')
    assert.deepEqual({ ...row }, { expires_at: world.clock.now() + 1_235, type: 'integer' })
  })

  check('a wall clock that jumps forward ends entries', async (world) => {
    const { cache } = await world.adapter()
    await cache.set('k', 1, 10_000)
    world.clock.jump(10_001)
    assert.equal(await cache.get('k'), null)
  })

  check('steady writing of entries that expire does not grow the table', async (world) => {
    const { cache, idempotency } = await world.adapter()
    for (let round = 0; round < 30; round++) {
      const writes = Array.from({ length: 50 }, (_, index) => [
        cache.set(`${round}/${index}`, round, 10),
        idempotency.set(`${round}/${index}`, round, 10),
      ])
      await Promise.all(writes.flat())
      world.clock.advance(100)
    }
    for (const table of ['cache', 'idempotency']) {
      const [row] = await world.rows(`SELECT count(*) AS count FROM go_goscope_${table}`)
      assert.ok(Number(row?.count) < 750, `${row?.count} of 1500 expired rows are left in ${table}`)
    }
  })

  check('sweepInterval removes expired rows while nothing is written', async (world) => {
    const adapter = await world.adapter({ sweepInterval: 1_000 })
    await adapter.cache.setMany(
      [
        ['a', 1],
        ['b', 2],
      ],
      10,
    )
    await adapter.idempotency.set('a', 1, 10)
    await adapter.cache.set('kept', 1)
    world.clock.advance(1_000)
    await adapter.cache.has('kept')
    await adapter.stats()
    const left = async (table: string): Promise<number> =>
      (await world.rows(`SELECT key FROM go_goscope_${table}`)).length
    await eventually('both are swept', async () => (await left('cache')) === 1 && (await left('idempotency')) === 0)
    await adapter.disconnect()
    assert.equal(world.clock.pending, 0, 'no timer outlives the adapter')
  })

  check('sweepInterval works for an adapter that connected at its first use, and for single ports', async (world) => {
    const options = { sweepInterval: 1_000, clock: world.clock }
    const rows = (table: string) => world.rows(`SELECT key FROM go_goscope_${table}`)
    const handle = (await world.handle()) as never
    const { SQLiteAdapter, SQLiteCacheAdapter, SQLiteIdempotencyAdapter } = world.engine
    for (const [Adapter, table] of [
      [SQLiteAdapter, 'cache'],
      [SQLiteCacheAdapter, 'cache'],
      [SQLiteIdempotencyAdapter, 'idempotency'],
    ] as const) {
      const adapter = world.track(new Adapter(handle, { ...options, closeOnDisconnect: false }))
      await adapter.set('a', 1, 10)
      assert.equal((await rows(table)).length, 1)
      world.clock.advance(1_000)
      await adapter.get('a')
      await eventually('it is swept', async () => (await rows(table)).length === 0)
      await adapter.disconnect()
    }
  })
})
