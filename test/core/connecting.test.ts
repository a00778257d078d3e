import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { ManualClock } from '@go-go-scope/persistence-conformance'
import { SqliteAdapter } from '@go-go-scope/persistence-core'
import { DatabaseSync } from '@photostructure/sqlite'
import { expect, test, vi } from 'vitest'
import { temporaryFolder } from '../harness/temporary-folder.js'
import { databaseSyncDriver } from './database-sync-driver.js'
import { inAnotherThread } from './in-another-thread.js'

const HOUR = 3_600_000

test('an adapter that connects while the file is moved away does not become connected', async () => {
  const path = join(temporaryFolder('connecting'), 'app.db')
  const clock = new ManualClock()
  const handle = new DatabaseSync(path)
  let answer: () => void = () => undefined
  let held: Promise<void> | undefined
  const driver = inAnotherThread(
    databaseSyncDriver(handle, () => undefined),
    async () => held,
  )
  const adapterOf = () => new SqliteAdapter(handle, () => driver, { clock })
  const [first, late] = [adapterOf(), adapterOf()]
  await first.connect()
  held = new Promise((resolve) => {
    answer = resolve
  })
  const connecting = late.connect()
  renameSync(path, `${path}.old`)
  clock.advance(1_000)
  await vi.waitUntil(() => !first.isConnected(), 10_000)
  answer()
  await expect(connecting).rejects.toMatchObject({ code: 'FILE_REPLACED', operation: 'connect' })
  expect(late.isConnected()).toBe(false)
  await Promise.all([first.disconnect(), late.disconnect()])
})

test('an adapter on a handle that the app has opened read-only reads a file whose time is ahead', async () => {
  const path = join(temporaryFolder('connecting'), 'app.db')
  const adapterOf = (clock: ManualClock, readOnly = false) => {
    const handle = new DatabaseSync(path, { readOnly })
    return new SqliteAdapter(handle, () => databaseSyncDriver(handle, () => undefined), { clock, locks: 'database' })
  }
  const ahead = new ManualClock()
  ahead.jump(HOUR)
  const writer = adapterOf(ahead)
  await writer.cache.set('k', 1)
  await writer.lock.acquire('job', HOUR)
  await writer.disconnect()
  const reader = adapterOf(new ManualClock(), true)
  await reader.connect()
  expect(await reader.cache.get('k')).toBe(1)
  await expect(reader.lock.acquire('other', HOUR)).rejects.toMatchObject({ code: 'READ_ONLY' })
  await reader.disconnect()
})
