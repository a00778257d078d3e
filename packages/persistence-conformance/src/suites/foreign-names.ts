import assert from 'node:assert/strict'
import { someOfOurOwn } from '../property.js'
import { PUBLISHED_TABLES } from '../published-schema.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'

/** The name and type of each object that we create, read from a new file. */
async function ourNames(world: World): Promise<{ name: string; type: string }[]> {
  const path = `${world.path}-ours`
  const adapter = await world.engine.SQLiteAdapter.open(path)
  await adapter.disconnect()
  const handle = await world.engine.openHandle(path)
  const rows = await world.engine.rows(handle, "SELECT name, type FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
  await world.engine.closeHandle(handle)
  return rows.map(({ name, type }) => ({ name: String(name), type: String(type) }))
}

/** Connects in every possible way; each attempt must be refused and leave the file unchanged. */
async function refusedUnchanged(world: World, name: string, code = 'FOREIGN_TABLE'): Promise<void> {
  const before = await world.dump()
  const [mode] = await world.rows('PRAGMA journal_mode')
  for (const createTables of [true, false]) {
    const handle = await world.plainHandle(`createTables ${createTables}`)
    const adapter = world.unconnected(handle, { createTables, locks: 'database' })
    await refuses(() => adapter.connect(), { code, says: [name] })
    await refuses(() => adapter.acquire('k'), { code, says: [name] })
  }
  await refuses(() => world.open(), { code, says: [name] })
  assert.equal(await world.dump(), before, name)
  assert.deepEqual((await world.rows('PRAGMA journal_mode'))[0], mode, 'the journal mode is the app’s')
}

export const foreignNames: EngineSuite = engineSuite('objects of the app under our names', (check) => {
  check('a table with other columns is refused under every name of ours', async (world) => {
    const names = await ourNames(world)
    assert.ok(names.length >= 20, `${names.length} names`)
    for (const { name } of someOfOurOwn(names)) {
      await world.rows(`CREATE TABLE ${name} (title TEXT, price REAL)`)
      await world.rows(`INSERT INTO ${name} VALUES ('mine', 1.5)`)
      await refusedUnchanged(world, name)
      await world.rows(`DROP TABLE ${name}`)
    }
  })

  check('a view and an index of the app are refused under every name of ours', async (world) => {
    await world.rows('CREATE TABLE mine (key TEXT, value TEXT, expires_at INTEGER)')
    for (const { name } of someOfOurOwn(await ourNames(world))) {
      await world.rows(`CREATE VIEW ${name} AS SELECT * FROM mine`)
      await refusedUnchanged(world, name)
      await world.rows(`DROP VIEW ${name}`)
      await world.rows(`CREATE INDEX ${name} ON mine(expires_at)`)
      await refusedUnchanged(world, name)
      await world.rows(`DROP INDEX ${name}`)
    }
  })

  check('a table of the app is refused in any spelling of its name', async (world) => {
    await world.rows('CREATE TABLE Go_GoScope_Locks (title TEXT)')
    await refusedUnchanged(world, 'go_goscope_locks')
  })

  check('a table that only we make is refused once its columns were changed', async (world) => {
    await (await world.open()).disconnect()
    const published = Object.keys(PUBLISHED_TABLES)
    const tables = (await ourNames(world)).filter(({ name, type }) => type === 'table' && !published.includes(name))
    for (const { name } of someOfOurOwn(tables)) {
      await world.rows(`ALTER TABLE ${name} ADD COLUMN price REAL`)
      await refusedUnchanged(world, name)
      await world.rows(`ALTER TABLE ${name} DROP COLUMN price`)
    }
    await world.second()
  })

  check('a circuit table without the columns that were added since is refused', async (world) => {
    await (await world.open()).disconnect()
    const columns = PUBLISHED_TABLES.go_goscope_circuit ?? []
    // Written by hand, and exactly as 2.9 and the first migration write it.
    for (const text of [columns.join(', '), `\n  ${columns.join(',\n  ')}\n`]) {
      await world.rows('DROP TABLE go_goscope_circuit')
      await world.rows(`CREATE TABLE go_goscope_circuit (${text})`)
      await refusedUnchanged(world, 'go_goscope_circuit', 'SCHEMA_MISSING')
    }
  })

  check('a temporary table of the handle in the place of one of ours is refused', async (world) => {
    await (await world.open()).disconnect()
    const handle = await world.plainHandle('temporary')
    await world.engine.rows(handle as never, 'CREATE TEMP TABLE go_goscope_cache (title TEXT)')
    const adapter = world.unconnected(handle)
    await refuses(() => adapter.connect(), { code: 'FOREIGN_TABLE', says: ['go_goscope_cache'] })
  })

  check('objects of the app under names similar to ours do no harm', async (world) => {
    await world.rows('CREATE TABLE go_goscope_reports (title TEXT)')
    await world.rows('CREATE VIEW go_goscope_broken AS SELECT * FROM gone')
    await world.rows('CREATE INDEX idx_reports_expires ON go_goscope_reports(title)')
    const adapter = await world.adapter()
    await adapter.cache.set('k', 1)
    assert.equal(await adapter.cache.get('k'), 1)
  })

  check('a cache on its own table refuses a table, a view and an index of the app', async (world) => {
    const cacheOn = async (name: string) =>
      world.track(
        new world.engine.SQLiteCacheAdapter((await world.plainHandle(name)) as never, { tableName: 'Prices' }),
      )
    await world.rows('CREATE TABLE mine (expires_at INTEGER)')
    for (const [index, made] of [
      'TABLE prices (title TEXT)',
      'VIEW prices AS SELECT * FROM mine',
      'INDEX prices ON mine(expires_at)',
      'INDEX go_goscope_expires_of_prices ON mine(expires_at)',
    ].entries()) {
      await world.rows(`CREATE ${made}`)
      const before = await world.dump()
      await refuses(async () => (await cacheOn(`cache ${index}`)).initialize(), {
        code: 'FOREIGN_TABLE',
        says: [/prices/i],
      })
      assert.equal(await world.dump(), before)
      const [type, name] = made.split(' ')
      await world.rows(`DROP ${type} ${name}`)
    }
    const cache = await cacheOn('cache at last')
    await cache.set('k', 1)
    assert.equal(await cache.get('k'), 1)
  })
})
