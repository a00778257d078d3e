import assert from 'node:assert/strict'
import type { AdapterUnderTest } from '../engine-under-test.js'
import { createPublishedTables, writePublishedRows } from '../published-schema.js'
import { realTimers } from '../real-timers.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import { withoutUndefined } from '../without-undefined.js'
import type { World } from '../world.js'

const APP = { keyPrefix: 'app:' }

async function publishedFile(world: World): Promise<AdapterUnderTest> {
  await createPublishedTables(world)
  await writePublishedRows(world)
  return world.adapter(APP)
}

const secondsIn = (world: World, ms: number): number => Math.floor((world.clock.now() + ms) / 1_000)

export const publishedFile29: EngineSuite = engineSuite('a file of go-go-scope 2.9', (check) => {
  check('keeps its unexpired cache entries', async (world) => {
    const { cache } = await publishedFile(world)
    assert.deepEqual(await cache.get('user:1'), { name: 'Ada', tags: [1, null] })
    assert.equal(await cache.get('for ever'), 'text')
    assert.equal(await cache.get('expired'), null)
    assert.deepEqual((await cache.keys()).toSorted(), ['for ever', 'user:1'])
    const other = await world.adapter({ keyPrefix: 'other:' })
    assert.deepEqual(await other.cache.keys(), ['user:1'])
    assert.equal(await other.cache.get('user:1'), 'theirs')
  })

  check('keeps its circuits', async (world) => {
    const now = world.clock.now()
    const { circuitBreaker } = await publishedFile(world)
    assert.deepEqual(withoutUndefined(await circuitBreaker.getState('api')), {
      state: 'open',
      failureCount: 5,
      lastFailureTime: now - 1_000,
      lastSuccessTime: now - 9_000,
    })
    assert.deepEqual(withoutUndefined(await circuitBreaker.getState('fresh')), { state: 'closed', failureCount: 0 })
    assert.equal(await circuitBreaker.recordFailure('api', 5), 6)
  })

  check('keeps its unexpired results, which mean what they meant', async (world) => {
    const expiresAt = secondsIn(world, 3_600_000) * 1_000
    const { idempotency } = await publishedFile(world)
    assert.deepEqual(await idempotency.get('pay-1'), { value: [null, { receipt: 7 }], expiresAt })
    assert.deepEqual(await idempotency.get('pay-2'), { value: [null, null] })
    assert.equal(await idempotency.get('expired'), null)
  })

  check('keeps its checkpoints', async (world) => {
    const now = world.clock.now()
    const { checkpoint } = await publishedFile(world)
    const first = {
      id: 'import-1-1',
      taskId: 'import',
      sequence: 1,
      timestamp: now - 20,
      progress: 10,
      data: { row: 100 },
    }
    const second = { ...first, id: 'import-2-2', sequence: 2, timestamp: now - 10, progress: 20.5, data: { row: 200 } }
    const estimate = { estimatedTimeRemaining: 4_000 }
    assert.deepEqual((await checkpoint.list('import')).map(withoutUndefined), [first, { ...second, ...estimate }])
    assert.deepEqual(await checkpoint.loadLatest('import'), { ...second, ...estimate })
    assert.deepEqual(withoutUndefined(await checkpoint.load('import-1-1')), first)
  })

  check('its expiries go on counting, in ms', async (world) => {
    const left = secondsIn(world, 3_600_000) * 1_000 - world.clock.now()
    const { cache, idempotency } = await publishedFile(world)
    world.clock.advance(left - 1)
    assert.equal(await cache.has('user:1'), true)
    assert.ok((await idempotency.get('pay-1')) !== null)
    world.clock.advance(2)
    assert.equal(await cache.has('user:1'), false)
    assert.equal(await idempotency.get('pay-1'), null)
    assert.equal(await cache.has('for ever'), true)
  })

  check('is converted by the first connect only', async (world) => {
    const adapter = await publishedFile(world)
    await adapter.cache.set('new', 1, 60_000)
    const read = () =>
      world.rows(
        'SELECT key, expires_at FROM go_goscope_cache UNION ALL SELECT key, expires_at FROM go_goscope_idempotency ORDER BY 1',
      )
    const before = await read()
    await adapter.connect()
    await world.second(APP)
    await adapter.disconnect()
    const again = await world.open({ ...APP, clock: world.clock })
    assert.deepEqual(await read(), before)
    assert.deepEqual((await again.cache.keys()).toSorted(), ['for ever', 'new', 'user:1'])
    world.clock.advance(60_001)
    assert.equal(await again.cache.has('new'), false)
  })

  check('is converted once by connects that race', async (world) => {
    await createPublishedTables(world)
    await writePublishedRows(world)
    const expiresAt = secondsIn(world, 3_600_000) * 1_000
    const handles = await Promise.all(['one', 'two', 'three', 'four'].map((name) => world.plainHandle(name)))
    const options = { ...APP, clock: realTimers(world.clock.now) }
    const adapters = await Promise.all(handles.map((handle) => world.connected(handle, options)))
    for (const { idempotency } of adapters) assert.equal((await idempotency.get('pay-1'))?.expiresAt, expiresAt)
  })

  check('can be used on: entries are replaced, deleted and cleared where they are', async (world) => {
    const adapter = await publishedFile(world)
    await adapter.cache.set('user:1', 'new')
    assert.equal(await adapter.cache.get('user:1'), 'new')
    await adapter.idempotency.set('pay-1', 'again')
    await adapter.idempotency.delete('pay-2')
    assert.equal((await adapter.idempotency.get('pay-1'))?.value, 'again')
    assert.equal(await adapter.idempotency.get('pay-2'), null)
    await adapter.checkpoint.cleanup('import', 1)
    assert.equal((await adapter.checkpoint.list('import')).length, 1)
    await adapter.cache.clear()
    assert.deepEqual(
      (await world.rows("SELECT key FROM go_goscope_cache WHERE key LIKE '%cache:user:1'")).map(({ key }) => key),
      ['other:cache:user:1'],
    )
    assert.equal((await world.rows("SELECT key FROM go_goscope_idempotency WHERE key = 'app:pay-1'")).length, 1)
  })

  check('its writers can still write to our file', async (world) => {
    const adapter = await world.adapter(APP)
    await writePublishedRows(world)
    assert.equal(await adapter.cache.get('for ever'), 'text')
    assert.deepEqual((await adapter.idempotency.get('pay-2'))?.value, [null, null])
    assert.equal((await adapter.circuitBreaker.getState('api'))?.state, 'open')
    assert.equal((await adapter.checkpoint.loadLatest('import'))?.sequence, 2)
    await adapter.recordFailure('api', 5)
    await writePublishedRows(world)
    assert.equal((await adapter.circuitBreaker.getState('api'))?.failureCount, 5)
  })

  check('serves an adapter without prefix as well', async (world) => {
    await createPublishedTables(world)
    await world.rows("INSERT INTO go_goscope_cache (key, value) VALUES ('cache:k', '1')")
    await world.rows("INSERT INTO go_goscope_idempotency (key, value) VALUES ('k', '2')")
    await world.rows("INSERT INTO go_goscope_circuit (key, state, updated_at) VALUES ('circuit:k', 'half-open', 1)")
    const adapter = await world.adapter()
    assert.equal(await adapter.cache.get('k'), 1)
    assert.equal((await adapter.idempotency.get('k'))?.value, 2)
    assert.equal((await adapter.circuitBreaker.getState('k'))?.state, 'half-open')
  })
})
