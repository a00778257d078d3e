import assert from 'node:assert/strict'
import { someOf } from '../property.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import { LATE_CALLS } from './store-calls.js'

export const lifeCycle: EngineSuite = engineSuite('life cycle', (check) => {
  check('isConnected is false before connect, true after it and false after disconnect', async (world) => {
    const adapter = world.unconnected(await world.handle())
    assert.equal(adapter.isConnected(), false)
    await adapter.connect()
    assert.equal(adapter.isConnected(), true)
    await adapter.disconnect()
    assert.equal(adapter.isConnected(), false)
  })

  check('connect may be called repeatedly and concurrently', async (world) => {
    const adapter = world.unconnected(await world.handle())
    await Promise.all(Array.from({ length: 10 }, () => adapter.connect()))
    await adapter.connect()
    await adapter.cache.set('k', 1)
    await adapter.connect()
    assert.equal(await adapter.cache.get('k'), 1)
  })

  check('adapters on one handle may connect at once', async (world) => {
    const handle = await world.handle()
    const adapters = ['a:', 'b:', 'c:'].map((keyPrefix) => world.unconnected(handle, { keyPrefix }))
    await Promise.all(adapters.map((adapter) => adapter.connect()))
    await Promise.all(adapters.map((adapter) => adapter.cache.set('k', 1)))
    assert.equal((await world.rows('SELECT * FROM go_goscope_cache')).length, 3)
  })

  check('the first use connects by itself', async (world) => {
    const adapter = world.unconnected(await world.handle())
    await adapter.cache.set('k', 1)
    assert.equal(adapter.isConnected(), true)
    assert.equal(await adapter.cache.get('k'), 1)
  })

  check('calls made before connect keep their order', async (world) => {
    const adapter = world.unconnected(await world.handle())
    const results = await Promise.all([
      adapter.recordFailure('api', 2),
      adapter.cache.set('k', 1),
      adapter.cache.get('k'),
      adapter.recordFailure('api', 2),
      adapter.getState('api'),
      adapter.cache.delete('k'),
      adapter.cache.has('k'),
    ])
    assert.deepEqual([results[0], results[2], results[3], results[4]?.state, results[6]], [1, 1, 2, 'open', false])
  })

  check('a prune that is under way at disconnect ends with what it has removed', async (world) => {
    const adapter = await world.adapter()
    await adapter.cache.setMany(
      Array.from({ length: 3_000 }, (_, index) => [`k${index}`, index] as const),
      10,
    )
    world.clock.advance(10)
    const pruned = adapter.prune()
    await adapter.disconnect()
    const { cache } = await pruned
    const [left] = await world.rows('SELECT count(*) AS count FROM go_goscope_cache')
    assert.ok(cache > 0)
    assert.equal(Number(left?.count), 3_000 - cache)
  })

  check('a prune that is between two tables at disconnect ends with what it has removed', async (world) => {
    const handle = await world.handle()
    for (const after of [1, 2]) {
      let swept = 0
      let left: Promise<void> | undefined
      const adapter = world.unconnected(handle, {
        locks: 'database',
        closeOnDisconnect: false,
        onDiagnostic: (event) => {
          if (event.type === 'sweep' && ++swept === after) left = adapter.disconnect()
        },
      })
      await Promise.all([adapter.cache.set('k', 1, 10), adapter.idempotency.set('k', 1, 10)])
      world.clock.advance(10)
      const { cache, idempotency } = await adapter.prune()
      assert.ok(left, `rows of ${after} tables were removed`)
      await left
      const [rows] = await world.rows(
        'SELECT (SELECT count(*) FROM go_goscope_cache) AS cache, (SELECT count(*) FROM go_goscope_idempotency) AS results',
      )
      assert.deepEqual([Number(rows?.cache), Number(rows?.results)], [1 - cache, 1 - idempotency], `after ${after}`)
    }
  })

  check('disconnect waits for calls in flight', async (world) => {
    const adapter = await world.adapter()
    const writes = Array.from({ length: 200 }, (_, index) => adapter.cache.set(`k${index}`, index))
    const reads = Array.from({ length: 50 }, (_, index) => adapter.cache.get(`k${index}`))
    const counts = Array.from({ length: 50 }, () => adapter.recordFailure('api', 100))
    await adapter.disconnect()
    await Promise.all(writes)
    assert.deepEqual(
      await Promise.all(reads),
      Array.from({ length: 50 }, (_, index) => index),
    )
    assert.equal(Math.max(...(await Promise.all(counts))), 50)
    assert.equal((await world.rows('SELECT * FROM go_goscope_cache')).length, 200)
  })

  check('disconnect waits for calls that wait for the first connect', async (world) => {
    const adapter = world.unconnected(await world.handle())
    const write = adapter.cache.set('k', 1)
    const connecting = adapter.connect()
    await adapter.disconnect()
    await Promise.all([write, connecting])
    assert.equal(adapter.isConnected(), false)
    assert.equal((await world.rows('SELECT * FROM go_goscope_cache')).length, 1)
  })

  check('disconnect before anything was done is fine', async (world) => {
    const adapter = world.unconnected(await world.handle())
    await adapter.disconnect()
    await adapter.disconnect()
    assert.equal(adapter.isConnected(), false)
    await refuses(() => adapter.cache.get('k'), { code: 'CLOSED' })
  })

  check('disconnect may be called repeatedly and concurrently', async (world) => {
    const adapter = await world.adapter()
    await Promise.all([adapter.disconnect(), adapter.disconnect(), adapter.disconnect()])
    await adapter.disconnect()
  })

  check('every call after disconnect is refused as CLOSED, by the name of the call', async (world) => {
    const adapter = await world.adapter()
    await adapter.disconnect()
    // Methods called on the adapter itself are reported by the name of their port.
    const ports: Record<string, string> = {
      get: 'cache.get',
      recordFailure: 'circuitBreaker.recordFailure',
      acquire: 'lock.acquire',
    }
    for (const [name, call] of LATE_CALLS) {
      const error = await refuses(() => call(adapter), { code: 'CLOSED' })
      assert.equal(error.operation, ports[name] ?? name)
      assert.ok(error.message.startsWith(`${error.operation}: `), error.message)
      assert.equal(error.retryable, false, name)
    }
    await refuses(() => adapter.connect(), { code: 'CLOSED', says: ['connect: '] })
    await refuses(async () => adapter.circuitBreaker.subscribe('k', () => undefined), {
      code: 'CLOSED',
      says: ['circuitBreaker.subscribe: '],
    })
  })

  check('calls made right after the call of disconnect are refused too', async (world) => {
    const adapter = await world.adapter()
    const early = adapter.cache.set('early', 1)
    const closing = adapter.disconnect()
    await refuses(() => adapter.cache.set('late', 1), { code: 'CLOSED' })
    await Promise.all([early, closing])
    assert.deepEqual(
      (await world.rows('SELECT key FROM go_goscope_cache')).map(({ key }) => key),
      ['cache:early'],
    )
  })

  check('disconnect closes the handle', async (world) => {
    const handle = await world.handle()
    const adapter = await world.connected(handle)
    await adapter.cache.set('k', 1)
    await adapter.disconnect()
    await assert.rejects(async () => world.engine.rows(handle, 'SELECT 1'))
  })

  check('closeOnDisconnect: false leaves the handle to the app', async (world) => {
    const handle = await world.handle()
    const adapter = await world.connected(handle, { closeOnDisconnect: false })
    await adapter.cache.set('k', 1)
    await adapter.disconnect()
    assert.equal((await world.engine.rows(handle, 'SELECT * FROM go_goscope_cache')).length, 1)
    await refuses(() => adapter.cache.get('k'), { code: 'CLOSED' })
    const again = await world.connected(handle)
    assert.equal(await again.cache.get('k'), 1)
  })

  check('the last adapter on a handle closes it', async (world) => {
    const handle = await world.handle()
    const one = await world.connected(handle, { keyPrefix: 'one:' })
    const two = await world.connected(handle, { keyPrefix: 'two:' })
    await one.disconnect()
    await refuses(() => one.cache.get('k'), { code: 'CLOSED' })
    assert.equal(two.isConnected(), true)
    await two.cache.set('k', 1)
    assert.equal((await world.engine.rows(handle, 'SELECT 1 AS one'))[0]?.one, 1)
    await two.disconnect()
    await assert.rejects(async () => world.engine.rows(handle, 'SELECT 1'))
  })

  check('an adapter is disposed by disconnecting it', async (world) => {
    const adapter = await world.adapter()
    const write = adapter.cache.set('k', 1)
    await adapter[Symbol.asyncDispose]()
    await write
    assert.equal(adapter.isConnected(), false)
    await adapter[Symbol.asyncDispose]()
  })

  check.inFile('the journal mode and flushing of a handle that was passed in stay as they were', async (world) => {
    const handle = await world.plainHandle('app')
    const read = async () => [
      await world.engine.rows(handle, 'PRAGMA journal_mode'),
      await world.engine.rows(handle, 'PRAGMA synchronous'),
    ]
    const before = await read()
    const adapter = await world.connected(handle)
    await adapter.cache.set('k', 1)
    assert.deepEqual(await read(), before)
  })

  check('many adapters come and go without leaving anything behind', async (world) => {
    const rounds = someOf(Array.from({ length: 40 }, (_, round) => round))
    for (const round of rounds) {
      const adapter = await world.engine.SQLiteAdapter.open(world.path, { durability: 'process' })
      const write = adapter.cache.set(`k${round}`, round)
      await adapter.disconnect()
      await write
    }
    assert.equal((await world.rows('SELECT * FROM go_goscope_cache')).length, rounds.length)
  })
})
