import { SqliteAdapter } from '@go-go-scope/persistence-core'
import { connectRemote, serve } from '@go-go-scope/persistence-core/remote'
import { DatabaseSync } from '@photostructure/sqlite'
import { expect, test } from 'vitest'
import { ProcessPair } from '../proof/remote/process-pair.js'
import { databaseSyncDriver } from './database-sync-driver.js'

test('a client whose owner could not open its database is accepted over the same channel when that can', async () => {
  const handle = new DatabaseSync(':memory:')
  let fails = true
  const driver = databaseSyncDriver(handle, () => {
    if (fails) throw Object.assign(new Error('of the engine'), { errcode: 10 })
    return undefined
  })
  const owner = new SqliteAdapter(handle, () => driver)
  const server = serve(owner)
  const pair = new ProcessPair()
  server.attach(pair.owner as never)
  await expect(connectRemote(pair.client as never)).rejects.toMatchObject({ code: 'IO_ERROR' })
  fails = false
  const remote = await connectRemote(pair.client as never)
  await remote.cache.set('k', 1)
  await remote.disconnect()
  await server.close()
  await owner.disconnect()
})
