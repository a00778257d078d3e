import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SqliteAdapter } from '@go-go-scope/persistence-core'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { databaseSyncDriver } from './database-sync-driver.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'split-index-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Returns whether an adapter makes a checkpoint when it closes a file of which that part was removed. */
async function makesCheckpointWithout(suffix: string | undefined): Promise<boolean> {
  const path = join(folder, 'app.db')
  const handle = new DatabaseSync(path)
  handle.exec('PRAGMA journal_mode = WAL')
  let checkpoints = 0
  const before = (sql: string): undefined => {
    if (sql.startsWith('PRAGMA wal_checkpoint')) checkpoints++
  }
  const driver = { ...databaseSyncDriver(handle, before), keepsFileOpen: true }
  const adapter = new SqliteAdapter(handle, () => driver, {})
  await adapter.cache.set('k', 1)
  if (suffix !== undefined) rmSync(path + suffix)
  await adapter.disconnect()
  return checkpoints > 0
}

// Others cannot open the file without the WAL that the common index describes: its content is saved.
test.each([[undefined], ['-wal']])('an adapter makes a checkpoint at its end without %s', async (suffix) => {
  expect(await makesCheckpointWithout(suffix)).toBe(true)
})

test('an adapter whose index is gone makes no checkpoint at its end, also when it has not noticed that', async () => {
  expect(await makesCheckpointWithout('-shm')).toBe(false)
})
