import { MessageChannel, Worker } from 'node:worker_threads'
import { SQLiteAdapter, SQLiteCacheAdapter } from '@go-go-scope/persistence-sqlite-node'
import { DatabaseSync } from '@photostructure/sqlite'
import { expect, test } from 'vitest'

test('an adapter is refused where it is sent to another thread, wherever it stands in what is sent', async () => {
  const handle = new DatabaseSync(':memory:')
  const { port1, port2 } = new MessageChannel()
  for (const adapter of [new SQLiteAdapter(handle), new SQLiteCacheAdapter(handle)]) {
    const refused = expect.objectContaining({ name: 'DataCloneError' })
    expect(() => port1.postMessage({ given: [{ adapter }] })).toThrow(refused)
    expect(() => new Worker('', { eval: true, workerData: { persistence: adapter } })).toThrow(refused)
    await adapter.disconnect()
  }
  port1.close()
  port2.close()
})
