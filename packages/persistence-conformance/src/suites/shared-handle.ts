import assert from 'node:assert/strict'
import { held } from '../held.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'

export const sharedHandle: EngineSuite = engineSuite('a handle that the app uses too', (check) => {
  check(
    'a call that needs a transaction is refused inside the app’s, with the remedy, and leaves it open',
    async (world) => {
      const handle = await world.handle()
      const adapter = await world.connected(handle, { locks: 'database' })
      const lock = await adapter.lock.acquire('job', 60_000)
      const claim = held(await adapter.idempotency.claim('k', { lease: 60_000, fingerprint: 'f' }))
      await world.engine.rows(handle, 'BEGIN')
      await world.engine.rows(handle, 'CREATE TABLE mine (id INTEGER)')
      const refusal = { code: 'SQL', says: ['transaction of its own', 'another handle', 'by path'] }
      await refuses(() => adapter.fenced(lock as never, [{ sql: 'SELECT 1' }]), refusal)
      await refuses(() => claim.complete(1), refusal)
      await world.engine.rows(handle, 'COMMIT')
      assert.deepEqual(await world.rows('SELECT * FROM mine'), [])
      await adapter.fenced(lock as never, [{ sql: 'INSERT INTO mine VALUES (1)' }])
      assert.deepEqual(await claim.complete(1), { recorded: true })
    },
  )

  // Not a promise: the documentation warns of it.
  check('the app can roll back a write inside its own transaction', async (world) => {
    const handle = await world.handle()
    const adapter = await world.connected(handle)
    await world.engine.rows(handle, 'BEGIN')
    await adapter.cache.set('k', 1)
    await world.engine.rows(handle, 'ROLLBACK')
    assert.equal(await adapter.cache.get('k'), null)
    await adapter.cache.set('k', 2)
    assert.equal(await adapter.cache.get('k'), 2)
  })
})
