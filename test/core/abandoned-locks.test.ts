import { ManualClock } from '@go-go-scope/persistence-conformance'
import { DatabaseSync } from '@photostructure/sqlite'
import { expect, test } from 'vitest'
import { Connection } from '../../packages/shared/src/connection/connection.js'
import { sqliteDialect } from '../../packages/shared/src/dialects/sqlite/sqlite-dialect.js'
// From source, as the connection is: the built package would be another copy.
import { type AdapterOptions, SqliteAdapter } from '../../packages/shared/src/index.js'
import { openRemote, SQLiteAdapter as RemoteAdapter, serve } from '../../packages/shared/src/remote.js'
import { HoldTables } from '../../packages/shared/src/stores/lock/hold-tables.js'
import { databaseSyncDriver } from './database-sync-driver.js'

const adapterOn = (handle: InstanceType<typeof DatabaseSync>, options: AdapterOptions): SqliteAdapter =>
  new SqliteAdapter(handle, () => databaseSyncDriver(handle, () => undefined), options)

test('adapters that come and go with prefixes of their own leave no lock table behind', async () => {
  const handle = new DatabaseSync(':memory:')
  const clock = new ManualClock()
  const stays = adapterOn(handle, { clock })
  await stays.connect()
  // Returns the adapter's existing connection: only the handle argument matters.
  const connection = Connection.of(handle, () => databaseSyncDriver(handle, () => undefined), sqliteDialect, {
    clock,
    random: Math.random,
    busyTimeout: 0,
  })
  const tables = connection.shared(HoldTables)
  const ways: Record<string, (adapter: SqliteAdapter) => Promise<void>> = {
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
    for (let round = 0; round < 50; round++) {
      const adapter = adapterOn(handle, { keyPrefix: `${round}:`, clock })
      // Not in the file, because a file keeps every prefix.
      await use(adapter)
      await adapter.disconnect()
    }
    // Each new adapter checks two abandoned tables, so only a few remain.
    expect(tables.size, way).toBeLessThanOrEqual(3)
  }
  await stays.disconnect()
})

test('a lock outlives its adapter for its ttl, for others of the prefix on the handle', async () => {
  const handle = new DatabaseSync(':memory:')
  const clock = new ManualClock()
  const stays = adapterOn(handle, { clock })
  const adapterOf = () => adapterOn(handle, { clock, keyPrefix: 'p:' })
  const first = adapterOf()
  const lock = await first.acquire('k', 1_000)
  await first.disconnect()
  // Each checks abandoned tables.
  for (let round = 0; round < 5; round++) await adapterOn(handle, { clock, keyPrefix: `${round}` }).disconnect()
  const second = adapterOf()
  expect(await second.acquire('k')).toBeNull()
  expect(await lock?.isValid()).toBe(true)
  clock.advance(1_000)
  const next = await second.acquire('k')
  expect(next?.token).toBeGreaterThan(lock?.token ?? Number.NaN)
  await second.disconnect()
  await stays.disconnect()
})

test('a lock table that is used again stays that of its prefix when its last lock from before is released', async () => {
  const handle = new DatabaseSync(':memory:')
  const stays = adapterOn(handle, {})
  await stays.connect()
  const first = adapterOn(handle, { keyPrefix: 'p:' })
  const lock = await first.acquire('k')
  await first.disconnect()
  const second = adapterOn(handle, { keyPrefix: 'p:' })
  expect(await lock?.release()).toBe(true)
  const third = adapterOn(handle, { keyPrefix: 'p:' })
  expect(await second.acquire('k')).not.toBeNull()
  expect(await third.acquire('k')).toBeNull()
  for (const adapter of [second, third, stays]) await adapter.disconnect()
})

test('adapters of a client that come and go with prefixes of their own leave few lock tables behind, at both ends', async () => {
  const handle = new DatabaseSync(':memory:')
  const adapter = adapterOn(handle, {})
  await adapter.connect()
  const tablesOf = (database: object) =>
    Connection.of(database, () => undefined as never, sqliteDialect, undefined as never).shared(HoldTables)
  const server = serve(adapter)
  const database = await openRemote(server.createPort())
  const stays = new RemoteAdapter(database)
  await stays.connect()
  const kept = { keyPrefix: 'kept:' }
  const signal = (await new RemoteAdapter(database, kept).acquire('k', Number.POSITIVE_INFINITY))?.signal
  const lost = new Promise((resolve) => signal?.addEventListener('abort', resolve))
  for (let at = 0; at < 1_250; at++) {
    const one = new RemoteAdapter(database, { keyPrefix: `${at}:` })
    expect(await (await one.acquire('k', 60_000))?.release()).toBe(true)
    await one.disconnect()
  }
  expect(tablesOf(handle).size, 'at the owner').toBeLessThan(1_100)
  expect(tablesOf(database).size, 'at the client').toBeLessThan(10)
  // Its manager at the owner has ended meanwhile, and another one finds the lock.
  expect(await new RemoteAdapter(database, kept).acquire('k')).toBeNull()
  await adapterOn(handle, kept).forceRelease('k')
  await lost
  await stays.disconnect()
  await server.close()
  await adapter.disconnect()
})
