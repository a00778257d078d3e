import assert from 'node:assert/strict'
import { held } from '../held.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'

export const leaving: EngineSuite = engineSuite('disconnecting from a handle', (check) => {
  check('disconnect lets operations of several statements complete', async (world) => {
    const adapter = await world.adapter()
    await adapter.idempotency.set('k', 1)
    await adapter.recordFailure('api', 1)
    const calls = Promise.all([
      adapter.idempotency.delete('k'),
      adapter.idempotency.claim('other', { lease: 1_000 }),
      adapter.circuitBreaker.admit('api', { resetTimeout: 0 }),
      adapter.stats(),
    ])
    await adapter.disconnect()
    const [, claim, admission] = await calls
    assert.deepEqual([claim.state, admission.admitted], ['claimed', true])
  })

  check('disconnect does not wait for further calls of other adapters on the handle', async (world) => {
    const handle = await world.handle()
    const leaver = await world.connected(handle)
    const other = await world.connected(handle)
    let gone = false
    let asked = 0
    // Loops of different lengths, so that a call is always waiting.
    const asking = [1, 2, 3].map(async (rounds) => {
      while (!gone && asked < 20_000) {
        for (let round = 0; round < rounds; round++) {
          asked++
          if (round % 2 === 0) await other.recordFailure(`api-${rounds}`, 5)
          else await other.cache.set(`k${rounds}`, 1)
        }
      }
    })
    await leaver.disconnect()
    gone = true
    await Promise.all(asking)
    assert.ok(asked < 20_000, 'it waited until the other callers had stopped')
  })

  check('a listener is not called after its adapter has disconnected', async (world) => {
    const handle = await world.handle()
    const leaver = await world.connected(handle)
    const other = await world.connected(handle)
    const heard: string[] = []
    leaver.circuitBreaker.subscribe('api', ({ failureCount }) => heard.push(`leaver ${failureCount}`))
    other.circuitBreaker.subscribe('api', ({ failureCount }) => heard.push(`other ${failureCount}`))
    await other.recordFailure('api', 5)
    await leaver.disconnect()
    await other.recordFailure('api', 5)
    assert.deepEqual(heard, ['leaver 1', 'other 1', 'other 2'])
  })

  check('a claim that outlives its adapter cannot be reported', async (world) => {
    const handle = await world.handle()
    const adapter = await world.connected(handle, { closeOnDisconnect: false })
    const [one, two, three] = [
      held(await adapter.idempotency.claim('one', { lease: 1_000 })),
      held(await adapter.idempotency.claim('two', { lease: 1_000, fingerprint: 'f' })),
      held(await adapter.idempotency.claim('three', { lease: 1_000, onFailure: 'keep' })),
    ]
    await adapter.disconnect()
    await refuses(() => one.complete(1), { code: 'CLOSED' })
    await refuses(() => two.complete(1), { code: 'CLOSED' })
    await refuses(() => three.fail(new Error('no')), { code: 'CLOSED' })
    assert.equal(await one.renew(), false)
    assert.deepEqual(await world.rows('SELECT * FROM go_goscope_idempotency'), [])
  })

  check('an adapter waits for another that is disconnecting from its handle', async (world) => {
    const handle = await world.handle()
    if (world.inFile) await world.engine.rows(handle, 'PRAGMA busy_timeout = 777')
    const first = await world.connected(handle, { closeOnDisconnect: false })
    const writes = Array.from({ length: 50 }, (_, index) => first.cache.set(`first-${index}`, 1))
    const left = first.disconnect()
    const second = world.unconnected(handle, { closeOnDisconnect: false })
    const more = Array.from({ length: 50 }, (_, index) => second.cache.set(`second-${index}`, 1))
    await Promise.all([...writes, ...more, left])
    assert.equal((await second.cache.keys()).length, 100)
    await second.disconnect()
    if (!world.inFile) return
    const [wait] = await world.engine.rows(handle, 'PRAGMA busy_timeout')
    assert.equal(wait?.timeout, 777, "the app's own wait is put back")
  })

  check('an adapter that was not used leaves its handle to another that is disconnecting from it', async (world) => {
    const handle = await world.handle()
    const first = await world.connected(handle)
    const writes = Array.from({ length: 3_000 }, (_, index) =>
      index % 2 === 0 ? first.cache.set(`k${index}`, index) : first.recordFailure('api', 5_000),
    )
    const leaving = first.disconnect()
    await world.unconnected(handle).disconnect()
    await Promise.all([...writes, leaving])
    assert.equal((await world.rows(`SELECT * FROM ${world.table('cache')}`)).length, 1_500)
  })

  check('timers fire between writes that are awaited one by one', async (world) => {
    const adapter = await world.openMade({ durability: 'process' })
    let fired = false
    setTimeout(() => {
      fired = true
    }, 1)
    const end = performance.now() + 2_000
    while (!fired && performance.now() < end) await adapter.cache.set('k', 1)
    assert.ok(fired, 'the event loop was held for two seconds')
  })
})
