import { DatabaseSync } from '@photostructure/sqlite'
import { expect, test } from 'vitest'
// From source: the built package would be another copy.
import { SqliteAdapter } from '../../packages/shared/src/index.js'
import { connectRemote, serve } from '../../packages/shared/src/remote.js'
import { databaseSyncDriver } from './database-sync-driver.js'

/** Transfers the memory of bytes, which then have none. */
const transfer = (bytes: Uint8Array) => structuredClone(0, { transfer: [bytes.buffer as ArrayBuffer] })

test.each(['local', 'remote'])('fenced binds bytes as they were when it was called: %s', async (kind) => {
  const handle = new DatabaseSync(':memory:')
  const owner = new SqliteAdapter(handle, () => databaseSyncDriver(handle, () => undefined), { locks: 'database' })
  await owner.connect()
  const server = serve(owner)
  const adapter = kind === 'local' ? owner : await connectRemote(server.createPort())
  const lock = await adapter.acquire('job', 60_000)
  const hex = async (bytes: Uint8Array) => {
    const statement = { sql: 'SELECT hex(?) AS hex', parameters: [bytes] }
    const [rows] = await adapter.fenced(lock as never, [statement])
    return rows?.[0]?.hex
  }
  const shared = new SharedArrayBuffer(3)
  for (const bytes of [new Uint8Array(3), Buffer.from('123'), new Uint8Array(shared), Buffer.from(shared)]) {
    bytes.set([1, 2, 3])
    const called = hex(bytes)
    bytes.fill(0)
    expect(await called).toBe('010203')
  }
  const large = Buffer.alloc(100_000, 1)
  const called = hex(large)
  transfer(large)
  expect(await called).toBe('01'.repeat(100_000))
  await expect(hex(large)).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringContaining('statements[0].parameters[0]'),
  })
  expect(adapter.isConnected()).toBe(true)
  if (adapter !== owner) await adapter.disconnect()
  await server.close()
  await owner.disconnect()
})
