import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'

async function sizesOf(world: World, handle: object): Promise<unknown[]> {
  const sizes = []
  for (const name of ['cache_size', 'mmap_size']) {
    const [row] = await world.engine.rows(handle, `PRAGMA ${name}`)
    sizes.push(row?.[name])
  }
  return sizes
}

export const openSizes: EngineSuite = engineSuite('sizes that open sets', (check) => {
  check('a file opens with an mmapSize beyond what the engine can map', async (world) => {
    const adapter = await world.open({ mmapSize: 4 * 1024 ** 3 })
    await adapter.cache.set('k', 1)
    assert.equal(await adapter.cache.get('k'), 1)
  })

  check('the page cache is that of the option, by default that of SQLite', async (world) => {
    const MiB = 1024 ** 2
    for (const [options, cacheKiB] of [
      [{}, 2_000],
      [{ cacheSize: 4 * MiB, mmapSize: MiB }, 4 * 1024],
      [{ cacheSize: 0, mmapSize: 0 }, 0],
    ] as const) {
      const adapter = await world.open({ ...options, locks: 'database' })
      // Asked on the adapter's own connection, because the cache size is a setting of the connection.
      const lock = await adapter.lock.acquire(`size ${cacheKiB}`, 60_000)
      const [rows] = await adapter.fenced(lock as never, [{ sql: 'SELECT cache_size FROM pragma_cache_size' }])
      assert.equal(Number(rows?.[0]?.cache_size), 0 - cacheKiB)
      await adapter.disconnect()
    }
  })

  check('a checkpoint is made when the write-ahead log has walSize bytes, by default 1,000 pages', async (world) => {
    const MB = 1_000_000
    // By default there is a checkpoint after each of the large values, and the next write restarts the -wal from its beginning.
    for (const [options, values, valueBytes, least, most] of [
      [{}, 3, 4.5 * MB, 4.5 * MB, 6 * MB],
      [{ walSize: 16 * MB }, 3, 4.5 * MB, 13.5 * MB, 16 * MB],
      [{ walSize: 65_536 }, 40, 0.03 * MB, 0.03 * MB, 0.4 * MB],
    ] as const) {
      const path = join(world.folder, `${most}.db`)
      const adapter = await world.open({ ...options, durability: 'process' }, path)
      const value = 'x'.repeat(valueBytes)
      for (let key = 0; key < values; key++) await adapter.cache.set(`${key}`, value)
      const { size } = await stat(`${path}-wal`)
      assert.ok(size >= least && size <= most, `a -wal of ${size} bytes where ${least} to ${most} are expected`)
      await adapter.disconnect()
    }
  })

  check('a write-ahead log of walSize bytes grows further while a reader holds an older snapshot', async (world) => {
    const adapter = await world.open({ walSize: 65_536, durability: 'process' })
    await adapter.cache.set('k', 0)
    const reader = await world.handle()
    await world.engine.rows(reader, 'BEGIN')
    await world.engine.rows(reader, 'SELECT count(*) FROM go_goscope_cache')
    for (let key = 0; key < 40; key++) await adapter.cache.set(`${key}`, 'x'.repeat(30_000))
    assert.ok((await stat(`${world.path}-wal`)).size > 1_000_000)
    await world.engine.rows(reader, 'COMMIT')
  })

  check('a handle that the app passes in keeps its page cache and its map', async (world) => {
    const handle = await world.handle()
    for (const pragma of ['cache_size = -777', 'mmap_size = 65536']) await world.engine.rows(handle, `PRAGMA ${pragma}`)
    await (await world.connected(handle)).cache.set('k', 1)
    assert.deepEqual(await sizesOf(world, handle), [-777, 65_536])
  })
})
