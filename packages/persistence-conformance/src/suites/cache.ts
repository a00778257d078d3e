import assert from 'node:assert/strict'
import { refuses, throwsRefusal } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'

export const cache: EngineSuite = engineSuite('cache', (check) => {
  check('getMany returns the keys that exist, each once', async (world) => {
    const { cache } = await world.adapter()
    await cache.set('a', 1)
    await cache.set('b', [2])
    await cache.set('null', null)
    await cache.set('gone', 3, 10)
    world.clock.advance(11)
    const found = await cache.getMany(['b', 'absent', 'a', 'gone', 'null', 'a'])
    assert.deepEqual(
      found,
      new Map<string, unknown>([
        ['b', [2]],
        ['a', 1],
        ['null', null],
      ]),
    )
    assert.deepEqual(await cache.getMany([]), new Map())
  })

  check('setMany stores all, the last of equal keys wins, and the ttl holds for all', async (world) => {
    const { cache } = await world.adapter()
    await cache.setMany(
      [
        ['a', 1],
        ['b', 2],
        ['a', 3],
      ],
      100,
    )
    assert.deepEqual(
      await cache.getMany(['a', 'b']),
      new Map([
        ['a', 3],
        ['b', 2],
      ]),
    )
    world.clock.advance(101)
    assert.deepEqual(await cache.keys(), [])
    await cache.setMany(new Map([['c', 1]]))
    await cache.setMany([])
    world.clock.advance(10 ** 9)
    assert.deepEqual(await cache.keys(), ['c'])
  })

  check('deleteMany removes those keys and no other', async (world) => {
    const { cache } = await world.adapter()
    await cache.setMany([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ])
    await cache.deleteMany(['a', 'absent', 'c', 'a'])
    await cache.deleteMany([])
    assert.deepEqual(await cache.keys(), ['b'])
  })

  check('the many-methods take any iterable, of thousands of keys', async (world) => {
    const { cache } = await world.adapter()
    const entries = Array.from({ length: 5_000 }, (_, index): [string, number] => [`key ${index}`, index])
    await cache.setMany(entries.values())
    const keys = entries.map(([key]) => key)
    assert.deepEqual(await cache.getMany(keys.values()), new Map(entries))
    await cache.deleteMany(new Set(keys.slice(1)))
    assert.deepEqual(await cache.keys(), ['key 0'])
  })

  check('Infinity is no expiry and a fraction of a ms is rounded up', async (world) => {
    const { cache } = await world.adapter()
    await cache.set('for ever', 1, Number.POSITIVE_INFINITY)
    await cache.set('fraction', 1, 10.2)
    world.clock.advance(10)
    assert.equal(await cache.has('fraction'), true)
    world.clock.advance(1)
    assert.equal(await cache.has('fraction'), false)
    world.clock.advance(10 ** 12)
    assert.equal(await cache.has('for ever'), true)
  })

  check('prune removes expired rows of the file and returns how many', async (world) => {
    const adapter = await world.adapter()
    await adapter.cache.setMany(
      [
        ['a', 1],
        ['b', 2],
        ['c', 3],
      ],
      10,
    )
    await adapter.cache.set('kept', 1)
    await adapter.idempotency.set('a', 1, 10)
    world.clock.advance(11)
    assert.equal(await adapter.cache.prune(), 3)
    assert.equal(await adapter.cache.prune(), 0)
    assert.deepEqual(await adapter.prune(), { cache: 0, idempotency: 1 })
    assert.equal((await world.rows('SELECT key FROM go_goscope_cache')).length, 1)
    assert.equal((await world.rows('SELECT key FROM go_goscope_idempotency')).length, 0)
  })

  check('prune removes thousands of expired rows in one call', async (world) => {
    const { cache } = await world.adapter()
    await cache.setMany(
      Array.from({ length: 3_500 }, (_, index): [string, number] => [`k${index}`, index]),
      10,
    )
    await cache.set('kept', 1)
    world.clock.advance(11)
    assert.equal(await cache.prune(), 3_500)
    assert.equal((await world.rows('SELECT key FROM go_goscope_cache')).length, 1)
  })

  check('stats counts hits, misses and entries', async (world) => {
    const { cache } = await world.adapter()
    assert.deepEqual(await cache.stats(), { hits: 0, misses: 0, size: 0, hitRatio: 0 })
    await cache.set('a', 1)
    await cache.set('gone', 1, 10)
    world.clock.advance(11)
    await cache.get('a')
    await cache.get('a')
    await cache.get('a')
    await cache.get('gone')
    assert.deepEqual(await cache.stats(), { hits: 3, misses: 1, size: 1, hitRatio: 0.75 })
  })

  check('the adapter is a cache port itself', async (world) => {
    const adapter = await world.adapter()
    await adapter.set('a', 1)
    assert.equal(await adapter.get('a'), 1)
    assert.equal(await adapter.cache.get('a'), 1)
  })

  check('an entry outlives the connection, with its ttl', async (world) => {
    const first = await world.openMade({ clock: world.clock })
    await first.cache.set('a', { x: 1 }, 1_000)
    await first.disconnect()
    const second = await world.openMade({ clock: world.clock })
    assert.deepEqual(await second.cache.get('a'), { x: 1 })
    world.clock.advance(1_001)
    assert.equal(await second.cache.get('a'), null)
  })

  check('a cache on a table of its own works and keeps to that table', async (world) => {
    const shared = await world.adapter()
    const own = world.track(
      new world.engine.SQLiteCacheAdapter((await world.handle()) as never, { tableName: 'pages', clock: world.clock }),
    )
    await own.initialize()
    await own.initialize()
    await own.set('a', 'own', 100)
    await shared.cache.set('a', 'shared')
    assert.equal(await own.get('a'), 'own')
    assert.equal((await world.rows('SELECT * FROM pages')).length, 1)
    const [index] = await world.rows(
      world.inFile
        ? "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'pages' AND sql <> ''"
        : "SELECT indexdef AS sql FROM pg_indexes WHERE tablename = 'pages' AND indexdef LIKE '%expires_at%'",
    )
    assert.match(String(index?.sql), /WHERE \(?"?expires_at"? IS NOT NULL\)?$/, 'no entry for what never expires')
    await own.clear()
    assert.deepEqual(await own.keys(), [])
    assert.equal(await shared.cache.get('a'), 'shared')
    await own.set('a', 'own', 100)
    world.clock.advance(101)
    assert.equal(await own.has('a'), false)
  })

  check('a cache without a table name is the one of the adapter', async (world) => {
    const adapter = await world.adapter({ keyPrefix: 'app:' })
    const same = world.track(
      new world.engine.SQLiteCacheAdapter((await world.handle()) as never, { keyPrefix: 'app:', clock: world.clock }),
    )
    await same.initialize()
    await same.set('a', 1)
    assert.equal(await adapter.cache.get('a'), 1)
  })

  check.inFile('table names that cannot be quoted safely are refused', async (world) => {
    const handle = (await world.handle()) as never
    const { SQLiteCacheAdapter } = world.engine
    for (const tableName of ['', 'a b', 'a"b', 'x; DROP TABLE y', 'sqlite_pages', '1st', 'tëst', 'x'.repeat(64)]) {
      const error = throwsRefusal(() => new SQLiteCacheAdapter(handle, { tableName }), { code: 'INVALID_OPTION' })
      assert.match(error.message, /tableName/)
    }
  })

  check.inFile('no table name takes the place of an index of the adapter', async (world) => {
    const handle = (await world.handle()) as never
    for (const tableName of ['cache', 'idempotency', 'locks', 'claims', 'claim_records']) {
      const own = world.track(new world.engine.SQLiteCacheAdapter(handle, { tableName, clock: world.clock }))
      await own.set('k', tableName)
    }
    await world.adapter()
    const indexes = await world.rows(
      "SELECT tbl_name FROM sqlite_master WHERE name IN ('idx_cache_expires', 'idx_locks_expires') ORDER BY name",
    )
    assert.deepEqual(
      indexes.map(({ tbl_name }) => tbl_name),
      ['go_goscope_cache', 'go_goscope_locks'],
    )
  })

  check.inFile('the name of the default table means that table, in upper case too', async (world) => {
    const own = world.track(
      new world.engine.SQLiteCacheAdapter((await world.handle()) as never, {
        tableName: 'GO_GOSCOPE_CACHE',
        clock: world.clock,
      }),
    )
    await own.set('k', 1, 1_000)
    const { cache } = await world.adapter()
    assert.equal(await cache.get('k'), 1)
    world.clock.advance(1_000)
    assert.equal(await cache.get('k'), null, 'the migration took its ms for seconds')
  })

  check.inFile('a cache on a foreign table is refused and leaves it unchanged', async (world) => {
    await world.rows('CREATE TABLE pages (id INTEGER PRIMARY KEY, body TEXT)')
    await world.rows("INSERT INTO pages (body) VALUES ('mine')")
    const pages = () =>
      world.rows("SELECT sql FROM sqlite_master WHERE name = 'pages' UNION ALL SELECT body FROM pages")
    const before = await pages()
    const own = world.track(
      new world.engine.SQLiteCacheAdapter((await world.handle()) as never, { tableName: 'pages', clock: world.clock }),
    )
    await refuses(() => own.initialize(), { code: 'FOREIGN_TABLE', says: ['pages'] })
    assert.deepEqual(await pages(), before)
  })
})
