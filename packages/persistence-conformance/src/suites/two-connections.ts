import assert from 'node:assert/strict'
import { realTimers } from '../real-timers.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import { SOME_CHECKPOINT } from './store-calls.js'

export const twoConnections: EngineSuite = engineSuite('two connections to one file', (check) => {
  check('each sees every awaited write of the other', async (world) => {
    const one = await world.adapter()
    const two = await world.second()
    for (let round = 0; round < 20; round++) {
      await one.cache.set('k', round)
      assert.equal(await two.cache.get('k'), round)
      await two.idempotency.set('k', round)
      assert.equal((await one.idempotency.get('k'))?.value, round)
      assert.equal(await one.recordFailure('api', 100), 2 * round + 1)
      assert.equal(await two.recordFailure('api', 100), 2 * round + 2)
      await two.checkpoint.save({ ...SOME_CHECKPOINT, id: `c${round}`, sequence: round })
      assert.equal((await one.checkpoint.loadLatest('t'))?.sequence, round)
      await one.cache.delete('k')
      assert.equal(await two.cache.has('k'), false)
    }
  })

  check('a call that is answered is committed: a plain reader sees it', async (world) => {
    const adapter = await world.adapter()
    const counts = async () => {
      const [row] =
        await world.rows(`SELECT (SELECT count(*) FROM go_goscope_cache) AS cache, (SELECT count(*) FROM go_goscope_checkpoints) AS checkpoints,
        (SELECT coalesce(max(failure_count), 0) FROM go_goscope_circuit) AS failures`)
      return [row?.cache, row?.checkpoints, row?.failures]
    }
    await adapter.cache.set('k', 1)
    assert.deepEqual(await counts(), [1, 0, 0])
    await adapter.checkpoint.save(SOME_CHECKPOINT)
    assert.deepEqual(await counts(), [1, 1, 0])
    await adapter.recordFailure('api', 5)
    assert.deepEqual(await counts(), [1, 1, 1])
    await adapter.cache.clear()
    await adapter.checkpoint.cleanup('t', 0)
    assert.deepEqual(await counts(), [0, 0, 1])
  })

  check('failures counted on both at once count exactly', async (world) => {
    const clock = realTimers(world.clock.now)
    const adapters = [await world.adapter({ clock }), await world.second({ clock })]
    const calls = Array.from({ length: 100 }, (_, index) => adapters[index % 2]?.recordFailure('api', 100))
    const counts = (await Promise.all(calls)).map(Number).toSorted((a, b) => a - b)
    assert.deepEqual(
      counts,
      Array.from({ length: 100 }, (_, index) => index + 1),
    )
    assert.equal((await adapters[0]?.getState('api'))?.state, 'open')
  })

  check('writes on both at once are all stored', async (world) => {
    const clock = realTimers(world.clock.now)
    const one = await world.adapter({ clock })
    const two = await world.second({ clock })
    const writes = Array.from({ length: 200 }, (_, index) =>
      (index % 2 === 0 ? one : two).cache.set(`k${index}`, index),
    )
    await Promise.all(writes)
    assert.equal((await one.cache.keys()).length, 200)
  })

  check.betweenConnections('a writer waits for another transaction without blocking the process', async (world) => {
    const clock = realTimers(world.clock.now)
    for (const adapter of [await world.openMade({ clock }), await world.adapter({ clock })]) {
      await world.holdWrites()
      const write = adapter.cache.set('k', 1)
      // The holder is in this process: it can commit only if the waiting write does not block the event loop.
      await new Promise((resolve) => setTimeout(resolve, 250))
      await world.rows('COMMIT')
      await write
      assert.equal(await adapter.cache.get('k'), 1)
    }
  })

  check.betweenConnections(
    'a writer that waited for busyTimeout is refused as BUSY, changes nothing, and may try again',
    async (world) => {
      const events: object[] = []
      const clock = realTimers(world.clock.now)
      const adapter = await world.openMade({ clock, busyTimeout: 100, onDiagnostic: (event) => events.push(event) })
      await adapter.cache.set('before', 1)
      await world.holdWrites()
      const error = await refuses(() => adapter.cache.set('k', 1), { code: 'BUSY', says: [/ms|busyTimeout/] })
      assert.equal(error.retryable, true)
      await refuses(() => adapter.recordFailure('api', 5), { code: 'BUSY' })
      assert.equal(await adapter.cache.get('before'), 1, 'readers do not wait for a writer')
      await world.rows('COMMIT')
      assert.equal(await adapter.cache.has('k'), false)
      await adapter.cache.set('k', 2)
      assert.equal(await adapter.recordFailure('api', 5), 1)
      assert.ok(events.some((event) => (event as { type?: string }).type === 'busy-retry'))
    },
  )

  check.betweenConnections('many calls behind another transaction settle in their order', async (world) => {
    const adapter = await world.adapter({ clock: realTimers(world.clock.now) })
    await world.holdWrites()
    const counts = Array.from({ length: 40 }, () => adapter.recordFailure('api', 100))
    const reads = Array.from({ length: 5 }, () => adapter.getState('api'))
    await new Promise((resolve) => setTimeout(resolve, 120))
    await world.rows('ROLLBACK')
    assert.deepEqual(
      await Promise.all(counts),
      Array.from({ length: 40 }, (_, index) => index + 1),
    )
    for (const state of await Promise.all(reads)) assert.equal(state?.failureCount, 40)
  })

  check('locks in memory do not exclude another connection', async (world) => {
    const one = await world.adapter()
    const two = await world.second()
    assert.ok((await one.lock.acquire('job', 1_000)) !== null)
    assert.ok((await two.lock.acquire('job', 1_000)) !== null)
    await two.lock.forceRelease('job')
    assert.equal(await one.lock.acquire('job', 1_000), null)
  })

  check('a prefix that both use first is stored in one layout', async (world) => {
    const clock = realTimers(world.clock.now)
    const one = world.unconnected(await world.plainHandle('one'), { keyPrefix: 'app:', clock })
    const two = world.unconnected(await world.plainHandle('two'), { keyPrefix: 'app:', clock })
    await Promise.all([one.connect(), two.connect()])
    await one.idempotency.set('k', 'one')
    await one.checkpoint.save(SOME_CHECKPOINT)
    assert.equal((await two.idempotency.get('k'))?.value, 'one')
    assert.deepEqual(await two.checkpoint.load('c'), await one.checkpoint.load('c'))
  })
})
