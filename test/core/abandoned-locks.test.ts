import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { ManualClock } from '@go-go-scope/persistence-conformance'
import { SqlAdapter } from '@go-go-scope/persistence-sqlite-core'
import { DatabaseSync } from '@photostructure/sqlite'
import { expect, test } from 'vitest'
import { databaseSyncDriver } from './database-sync-driver.js'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

const ADAPTERS = 5_000
// A table with nothing in it takes several hundred bytes.
const ALLOWED_BYTES_EACH = 60

async function growth(work: (prefix: string) => Promise<void>): Promise<number> {
  const heap = () => {
    collect()
    return process.memoryUsage().heapUsed
  }
  for (let round = 0; round < 500; round++) await work(`warm-${round}:`)
  const before = heap()
  for (let round = 0; round < ADAPTERS; round++) await work(`${round}:`)
  return (heap() - before) / ADAPTERS
}

test('adapters that come and go with prefixes of their own leave no lock table behind', async () => {
  const handle = new DatabaseSync(':memory:')
  const clock = new ManualClock()
  const driver = () => databaseSyncDriver(handle, () => undefined)
  const stays = new SqlAdapter(handle, driver, { clock })
  await stays.connect()
  const ways: Record<string, (adapter: SqlAdapter) => Promise<void>> = {
    'without a lock': async () => undefined,
    'with a lock given back': async (adapter) => {
      await (await adapter.acquire('k'))?.release()
    },
    'with a lock given back later': async (adapter) => {
      const lock = await adapter.acquire('k')
      await adapter.disconnect()
      expect(await lock?.release()).toBe(true)
    },
    'with a lock that expires': async (adapter) => {
      await adapter.acquire('k', 1)
      await adapter.disconnect()
      clock.advance(1)
    },
  }
  for (const [way, use] of Object.entries(ways)) {
    const bytes = await growth(async (keyPrefix) => {
      const adapter = new SqlAdapter(handle, driver, { keyPrefix, clock })
      // Not in the file, which keeps every prefix.
      await use(adapter)
      await adapter.disconnect()
    })
    expect(bytes, way).toBeLessThan(ALLOWED_BYTES_EACH)
  }
  await stays.disconnect()
})

test('a lock outlives its adapter for its ttl, for others of the prefix on the handle', async () => {
  const handle = new DatabaseSync(':memory:')
  const clock = new ManualClock()
  const driver = () => databaseSyncDriver(handle, () => undefined)
  const stays = new SqlAdapter(handle, driver, { clock })
  const adapterOf = () => new SqlAdapter(handle, driver, { clock, keyPrefix: 'p:' })
  const first = adapterOf()
  const lock = await first.acquire('k', 1_000)
  await first.disconnect()
  // Each looks at abandoned tables.
  for (let round = 0; round < 5; round++)
    await new SqlAdapter(handle, driver, { clock, keyPrefix: `${round}` }).disconnect()
  const second = adapterOf()
  expect(await second.acquire('k')).toBeNull()
  expect(await lock?.isValid()).toBe(true)
  clock.advance(1_000)
  const next = await second.acquire('k')
  expect(next?.token).toBeGreaterThan(lock?.token ?? Number.NaN)
  await second.disconnect()
  await stays.disconnect()
})
