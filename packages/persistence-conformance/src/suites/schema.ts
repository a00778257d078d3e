import assert from 'node:assert/strict'
import { createPublishedTables, PUBLISHED_INDEXES, PUBLISHED_TABLES } from '../published-schema.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'

/** SQL without insignificant differences: case, quotes, and white space around punctuation. */
function bare(sql: unknown): string {
  return String(sql)
    .replaceAll(/["`]/g, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ ?([(),]) ?/g, '$1')
    .trim()
    .toLowerCase()
}

async function sqlOf(world: World, name: string): Promise<string> {
  const [row] = await world.rows('SELECT sql FROM sqlite_master WHERE name = ?', [name])
  assert.ok(row, `${name} is there`)
  return bare(row.sql)
}

async function metaRows(world: World): Promise<Record<string, unknown>[]> {
  return world.rows('SELECT * FROM go_goscope_meta')
}

/** Raises the schema version in the meta table, whatever its layout, by adding 1000 to each whole number in it. */
async function pretendNewer(world: World): Promise<void> {
  const columns = (await world.rows('PRAGMA table_info(go_goscope_meta)')).map(({ name }) => String(name))
  for (const column of columns) {
    const number = `"${column}" GLOB '[0-9]*' AND CAST(CAST("${column}" AS INTEGER) AS TEXT) = CAST("${column}" AS TEXT)`
    await world.rows(`UPDATE go_goscope_meta SET "${column}" = CAST("${column}" AS INTEGER) + 1000 WHERE ${number}`)
  }
}

export const schema: EngineSuite = engineSuite('schema', (check) => {
  check('connect makes the published tables, column by column', async (world) => {
    await world.adapter()
    for (const [table, columns] of Object.entries(PUBLISHED_TABLES)) {
      const published = bare(`CREATE TABLE ${table} (${columns.join(', ')}`)
      const stored = await sqlOf(world, table)
      assert.ok(stored === `${published})` || stored.startsWith(`${published},`), `${stored}\nis not\n${published}`)
    }
  })

  check(
    'connect makes the published indexes, that of cache expiries without entries for what never expires',
    async (world) => {
      await world.adapter()
      for (const [index, on] of Object.entries(PUBLISHED_INDEXES)) {
        const ours = index === 'idx_cache_expires' ? `${on} WHERE expires_at IS NOT NULL` : on
        assert.equal(await sqlOf(world, index), bare(`CREATE INDEX ${index} ON ${ours}`))
      }
    },
  )

  check('the index of cache expiries of a 2.9 file loses the entries for what never expires', async (world) => {
    await createPublishedTables(world)
    await world.connected(await world.handle())
    assert.match(await sqlOf(world, 'idx_cache_expires'), /where expires_at is not null$/)
    // 2.9 creates an index only if none has that name.
    await createPublishedTables(world)
    assert.match(await sqlOf(world, 'idx_cache_expires'), /where expires_at is not null$/)
  })

  check('a writer that does not know the columns added to the published tables can leave them out', async (world) => {
    await world.adapter()
    for (const [table, columns] of Object.entries(PUBLISHED_TABLES)) {
      const stored = await world.rows(`PRAGMA table_info(${table})`)
      for (const column of stored.slice(columns.length)) {
        assert.ok(Number(column.notnull) === 0 || column.dflt_value !== null, `${table}.${column.name} is demanded`)
      }
    }
  })

  check('connect creates only our own names, and user_version stays the app’s', async (world) => {
    await world.rows('PRAGMA user_version = 77')
    await world.rows('CREATE TABLE mine (id INTEGER)')
    await world.adapter()
    const names = (await world.rows("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")).map(({ name }) =>
      String(name),
    )
    const ours = (name: string) => /^(idx_|go_goscope_)/.test(name)
    assert.deepEqual(
      names.filter((name) => !ours(name)),
      ['mine'],
    )
    assert.ok(names.includes('go_goscope_meta'))
    assert.equal((await world.rows('PRAGMA user_version'))[0]?.user_version, 77)
  })

  check('connecting again changes nothing', async (world) => {
    const adapter = await world.adapter()
    await adapter.cache.set('k', 1)
    const before = await world.dump()
    await adapter.connect()
    await world.adapter({ keyPrefix: '' })
    await world.second()
    assert.equal(await world.dump(), before)
  })

  check('createTables: false accepts existing tables', async (world) => {
    await world.adapter()
    const adapter = await world.second({ createTables: false })
    await adapter.cache.set('k', 1)
    assert.equal(await adapter.cache.get('k'), 1)
  })

  check('createTables: false refuses a file without tables and leaves it unchanged', async (world) => {
    await world.rows('CREATE TABLE mine (id INTEGER)')
    const adapter = world.unconnected(await world.handle(), { createTables: false })
    const before = await world.dump()
    const error = await refuses(() => adapter.connect(), { code: 'SCHEMA_MISSING', says: [/createTables|connect/] })
    const { version, needed, steps = [] } = error as { version?: number; needed?: number; steps?: readonly string[] }
    assert.ok(version === 0 && needed === steps.length, `${needed} steps from version ${version}: ${steps}`)
    for (const [at, step] of steps.entries()) assert.match(step, new RegExp(`^to version ${at + 1}: \\w`))
    await refuses(() => adapter.cache.get('k'), { code: 'SCHEMA_MISSING' })
    assert.equal(adapter.isConnected(), false)
    assert.equal(await world.dump(), before)
  })

  check('connect may be tried again after it was refused', async (world) => {
    const adapter = world.unconnected(await world.handle(), { createTables: false })
    await refuses(() => adapter.connect(), { code: 'SCHEMA_MISSING' })
    await world.second()
    await adapter.connect()
    assert.equal(adapter.isConnected(), true)
    await adapter.cache.set('k', 1)
  })

  check('createTables: false refuses a file with one table missing', async (world) => {
    const first = await world.adapter()
    await first.disconnect()
    await world.rows('DROP TABLE go_goscope_checkpoints')
    const adapter = world.unconnected(await world.plainHandle('later'), { createTables: false })
    await refuses(() => adapter.connect(), { code: 'SCHEMA_MISSING', says: ['go_goscope_checkpoints'] })
  })

  check('a newer schema is refused and left unchanged', async (world) => {
    const first = await world.adapter()
    await first.cache.set('k', 1)
    await first.disconnect()
    const current = JSON.stringify(await metaRows(world))
    await pretendNewer(world)
    assert.notEqual(JSON.stringify(await metaRows(world)), current)
    const before = await world.dump()
    for (const createTables of [true, false]) {
      const adapter = world.unconnected(await world.plainHandle(`newer ${createTables}`), { createTables })
      await refuses(() => adapter.connect(), { code: 'SCHEMA_NEWER', says: [/version|newer|update|upgrade/i] })
      await refuses(() => adapter.cache.set('k', 2), { code: 'SCHEMA_NEWER' })
    }
    assert.equal(await world.dump(), before)
  })

  check('a foreign table under any of our names is refused and the file left unchanged', async (world) => {
    for (const [index, table] of [...Object.keys(PUBLISHED_TABLES), 'go_goscope_meta'].entries()) {
      await world.rows(`CREATE TABLE ${table} (name TEXT, price REAL)`)
      await world.rows(`INSERT INTO ${table} VALUES ('mine', 1.5)`)
      const before = await world.dump()
      const adapter = world.unconnected(await world.plainHandle(`foreign ${index}`))
      await refuses(() => adapter.connect(), { code: 'FOREIGN_TABLE', says: [table] })
      assert.equal(await world.dump(), before, table)
      await world.rows(`DROP TABLE ${table}`)
    }
  })

  check('a table that lacks one of our columns is foreign too', async (world) => {
    await createPublishedTables(world)
    await world.rows('ALTER TABLE go_goscope_idempotency DROP COLUMN value')
    const before = await world.dump()
    const adapter = world.unconnected(await world.plainHandle('lacking'))
    await refuses(() => adapter.connect(), { code: 'FOREIGN_TABLE', says: ['go_goscope_idempotency'] })
    assert.equal(await world.dump(), before)
  })

  check('a file that lacks a table that only we create is refused, naming it', async (world) => {
    await (await world.open()).disconnect()
    const tables = await world.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'go_goscope_%'")
    const published = ['go_goscope_circuit', 'go_goscope_cache', 'go_goscope_checkpoints', 'go_goscope_idempotency']
    const ours = tables.map(({ name }) => String(name)).filter((name) => !published.includes(name))
    assert.ok(ours.length >= 5, ours.join(', '))
    for (const [index, table] of ours.entries()) {
      if (table === 'go_goscope_meta') continue
      await world.rows(`ALTER TABLE ${table} RENAME TO gone`)
      const adapter = world.unconnected(await world.plainHandle(`lacking ${index}`))
      await refuses(() => adapter.connect(), { code: 'SCHEMA_MISSING', says: [table] })
      await world.rows(`ALTER TABLE gone RENAME TO ${table}`)
    }
  })

  check('a view under one of our names is refused', async (world) => {
    await world.rows('CREATE TABLE mine (key TEXT, value TEXT, expires_at INTEGER, created_at INTEGER)')
    await world.rows('CREATE VIEW go_goscope_cache AS SELECT * FROM mine')
    const before = await world.dump()
    const adapter = world.unconnected(await world.plainHandle('view'))
    await refuses(() => adapter.connect(), { code: 'FOREIGN_TABLE', says: ['go_goscope_cache'] })
    assert.equal(await world.dump(), before)
  })
})
