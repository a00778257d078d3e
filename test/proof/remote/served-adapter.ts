import type { MessagePort } from 'node:worker_threads'
import { type PersistenceServer, serve } from '@go-go-scope/persistence-core/remote'
import { afterEach, beforeEach } from 'vitest'
import { engine } from '../../cells/cell.js'

/** A served adapter in memory, new for each test of a file. */
export interface ServedAdapter {
  adapter: Awaited<ReturnType<typeof engine.SQLiteAdapter.open>>
  server: PersistenceServer
  port(): MessagePort
}

/** Call it once per file. */
export function serveForEachTest(): ServedAdapter {
  const served = { port: () => served.server.createPort() as unknown as MessagePort } as ServedAdapter
  beforeEach(async () => {
    served.adapter = await engine.SQLiteAdapter.open(':memory:')
    served.server = serve(served.adapter)
  })
  afterEach(async () => {
    await served.server.close()
    await served.adapter.disconnect()
  })
  return served
}
