import { DatabaseSync } from 'node:sqlite'
import { expect, test, vi } from 'vitest'
import { SqliteAdapter } from '../../packages/shared/src/index.js'
import { connectRemote, serve } from '../../packages/shared/src/remote.js'
import { KeyWaiters } from '../../packages/shared/src/stores/idempotency/key-waiters.js'
import { databaseSyncDriver } from './database-sync-driver.js'

// Otherwise the owner keeps a listener for each key that a client has ever waited for, and notifies the client of all of them.
test('a client that no longer waits for a key is no longer notified of it by the owner, until it waits again', async () => {
  const following = new Set<() => void>()
  const { listen } = KeyWaiters.prototype
  vi.spyOn(KeyWaiters.prototype, 'listen').mockImplementation(function (this: KeyWaiters, key, wake) {
    const leave = listen.call(this, key, wake)
    following.add(leave)
    return () => {
      following.delete(leave)
      leave()
    }
  })
  const handle = new DatabaseSync(':memory:')
  const owner = new SqliteAdapter(handle, () => databaseSyncDriver(handle as never, () => undefined), {})
  const server = serve(owner)
  const client = await connectRemote(server.createPort())
  await owner.idempotency.claim('key', { lease: 60_000, ttl: 60_000 })
  for (const turn of ['first', 'second']) {
    const abort = new AbortController()
    const waits = client.idempotency.once('key', () => 'never', { ttl: 60_000, signal: abort.signal })
    // In the client, and for it in the owner.
    await expect.poll(() => following.size, { timeout: 10_000, message: `the ${turn} wait` }).toBe(2)
    abort.abort(new Error('enough'))
    await expect(waits).rejects.toThrow('enough')
    await expect.poll(() => following.size, { timeout: 10_000 }).toBe(0)
  }
  await client.disconnect()
  await server.close()
  await owner.disconnect()
})
