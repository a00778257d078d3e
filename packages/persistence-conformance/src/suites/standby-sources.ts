import assert from 'node:assert/strict'
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { besideDatabase } from '../copied-content.js'
import type { AdapterUnderTest } from '../engine-under-test.js'
import { eventually } from '../eventually.js'
import { followedContents } from '../followed-contents.js'
import { followedSource } from '../followed-source.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'

const LOG =
  "SELECT name FROM sqlite_master WHERE name GLOB 'go_goscope_log_*' OR name IN ('go_goscope_changes', 'go_goscope_followers')"
const logOf = (world: World): Promise<unknown[]> => world.rows(LOG)

/** Whether a write succeeds. It reads first: only then does SQLite notice that others have dropped a failing trigger. */
async function isWritable(adapter: AdapterUnderTest): Promise<boolean> {
  await adapter.cache.get('k')
  return adapter.cache.set('k', 1).then(
    () => true,
    () => false,
  )
}

const fileIn = (world: World): string => join(world.folder, 'standby.db')

export const standbySources: EngineSuite = engineSuite('a standby of files that others have changed', (check) => {
  check.oncePerBuild('has tables with generated columns, stored and not, also where one is a key', async (world) => {
    const adapter = await followedSource(world)
    await adapter.cache.set('before', 'b')
    await world.rows('ALTER TABLE go_goscope_cache ADD COLUMN size GENERATED ALWAYS AS (length(value)) VIRTUAL')
    await world.rows('CREATE UNIQUE INDEX one_of_a_size ON go_goscope_cache (size)')
    await world.rows('ALTER TABLE go_goscope_lock_counter ADD COLUMN twice INTEGER AS (token * 2)')
    const orders = `CREATE TABLE orders (size AS (length(value)) STORED, key TEXT PRIMARY KEY, value TEXT NOT NULL, expires_at INTEGER)`
    await world.rows(orders)
    await world.rows('CREATE INDEX go_goscope_expires_of_orders ON orders (expires_at)')
    await world.rows("INSERT INTO orders (key, value) VALUES ('1', 'one')")
    const target = fileIn(world)
    const standby = await world.follow({ target }, adapter)
    await adapter.cache.set('after', 'longer')
    // Displaces the row of the same size.
    await world.rows(`INSERT OR REPLACE INTO go_goscope_cache (key, value) VALUES ('cache:in its place', '"b"')`)
    await world.rows("INSERT INTO orders (key, value) VALUES ('2', 'second')")
    await standby.waitFor()
    assert.equal(standby.state, 'following')
    assert.equal(standby.reason, undefined, 'nothing was copied anew')
    assert.deepEqual(await standby.cache.keys(), ['after', 'in its place'])
    assert.equal((await standby.verify()).equal, true)
    await standby.stop()
    assert.deepEqual(await followedContents(world.engine, target), await followedContents(world.engine, world.path))
  })

  check.oncePerBuild('has what is in a file of UTF-16, in memory and in a file', async (world) => {
    await world.rows("PRAGMA encoding = 'UTF-16be'")
    await world.rows('CREATE TABLE mine (x)')
    const adapter = await followedSource(world)
    await adapter.cache.set('before', 'ä€😀')
    for (const target of [':memory:', fileIn(world)]) {
      const standby = await world.follow({ target }, adapter)
      await adapter.cache.set('after', '😀€ä')
      await standby.waitFor()
      assert.deepEqual([...(await standby.cache.getMany(['before', 'after'])).values()], ['ä€😀', '😀€ä'])
      assert.equal((await standby.verify()).equal, true)
    }
  })

  check.oncePerBuild('follows a file on which a takeover died while it held the file exclusively', async (world) => {
    const adapter = await followedSource(world)
    await world.follow({ target: ':memory:' }, adapter)
    await adapter.cache.set('k', 1)
    const left = join(world.folder, 'left.db')
    // As the takeover leaves it: with the change log, and not in WAL mode.
    await world.rows(`VACUUM INTO '${left}'`)
    const standby = await world.follow({ target: fileIn(world) }, left)
    assert.equal(await standby.cache.get('k'), 1)
    assert.equal((await standby.verify()).equal, true)
  })

  check.once('waits for another writer at its start, for its own busyTimeout or that of its source', async (world) => {
    const adapter = await followedSource(world, { busyTimeout: 60_000 })
    const followedBefore = fileIn(world)
    await (await world.follow({ target: followedBefore }, adapter)).stop()
    await world.rows('BEGIN IMMEDIATE')
    const patient = world.follow({ target: ':memory:' }, adapter)
    // Longer than the second for which a single statement of a follower waits.
    const refusals = [':memory:', followedBefore].map((target): Promise<unknown> => {
      return world.follow({ target, busyTimeout: 1_500 }, adapter).catch((error) => error)
    })
    for (const refused of await Promise.all(refusals)) {
      const waited = /standby.follow: gave up after (\d+) ms/.exec(String(refused))?.[1]
      assert.ok(Number(waited) >= 1_500, String(refused))
    }
    await world.rows('COMMIT')
    assert.equal((await patient).state, 'following')
  })

  check.once('refuses a source that is the file of a standby, running or stopped', async (world) => {
    const adapter = await followedSource(world)
    const standby = await world.follow({ target: fileIn(world) }, adapter)
    const chained = () => world.follow({ target: ':memory:' }, fileIn(world))
    await refuses(chained, { code: 'FILE_IN_USE', says: ['a running standby', 'follow what that one follows'] })
    await standby.stop()
    await refuses(chained, { code: 'FOREIGN_TABLE', says: ['the standby of another file', 'follow that file'] })
  })

  check.once('is lost when a later release follows the source, and leaves that log as it is', async (world) => {
    const adapter = await followedSource(world)
    const target = fileIn(world)
    const standby = await world.follow({ target }, adapter)
    const later = 'CREATE TRIGGER go_goscope_log_v2 AFTER INSERT ON go_goscope_changes BEGIN SELECT 1; END'
    await world.rows(later)
    await world.rows('DROP TRIGGER go_goscope_log_v1')
    await world.rows("INSERT INTO go_goscope_followers VALUES ('later', 1, unixepoch() * 1000)")
    const log = await logOf(world)
    await eventually('it has noticed', () => standby.state === 'lost')
    assert.match(String(standby.reason), /a later release.*update this package/)
    await standby.stop()
    for (const name of [target, ':memory:'])
      await refuses(() => world.follow({ target: name }, adapter), { code: 'SCHEMA_NEWER', says: ['a later release'] })
    assert.deepEqual(await logOf(world), log)
    const followers = (await adapter.inspect().standbys()).map(({ id }) => id)
    assert.deepEqual(followers, ['later'])
    // The later release has stopped.
    await world.rows('DELETE FROM go_goscope_followers')
    await (await world.engine.SQLiteAdapter.open(world.path)).disconnect()
    const again = await world.follow({ target }, adapter)
    await adapter.cache.set('k', 1)
    await again.waitFor()
    assert.deepEqual(await again.cache.keys(), ['k'])
  })

  check.once('that lose the table of its position continue, with all that was written until then', async (world) => {
    const adapter = await followedSource(world)
    const standby = await world.follow({ target: fileIn(world) }, adapter)
    await adapter.cache.set('before', 1)
    await world.rows('DROP TABLE go_goscope_followers')
    await eventually('writes work again', () => isWritable(adapter))
    await standby.waitFor()
    assert.equal(standby.state, 'following')
    assert.deepEqual(await standby.cache.keys(), ['before', 'k'])
    assert.equal((await standby.verify()).equal, true)
    await standby.stop()
    assert.deepEqual(await logOf(world), [])
  })

  check.once('that lose the table of changes accept writes again once it has stopped', async (world) => {
    const adapter = await followedSource(world)
    const target = fileIn(world)
    const standby = await world.follow({ target }, adapter)
    await world.rows('DROP TABLE go_goscope_changes')
    assert.equal(await isWritable(adapter), false)
    await eventually('it has noticed', () => standby.state === 'diverged')
    assert.match(String(standby.reason), /go_goscope_changes was dropped.*stop this standby/)
    assert.deepEqual(await adapter.inspect().standbys(), [], 'nobody follows by what is left of the log')
    await standby.stop()
    assert.deepEqual(await logOf(world), [])
    assert.equal(await isWritable(adapter), true)
    // What was written without a change log is in none. So the old standby has diverged, and only a new one can follow.
    const again = await world.follow({ target }, adapter)
    assert.equal(again.state, 'diverged')
    await again.stop()
    const another = await world.follow({ target: ':memory:' }, adapter)
    await adapter.cache.set('after', 1)
    await another.waitFor()
    assert.deepEqual(await another.cache.keys(), ['after', 'k'])
  })

  for (const dropped of ['go_goscope_changes', 'go_goscope_followers', 'go_goscope_changes, go_goscope_followers']) {
    check.once(
      `that lost ${dropped} can be backed up and restored, and accept writes after connect or follow`,
      async (world) => {
        const adapter = await followedSource(world)
        await world.follow({ target: ':memory:', every: 60_000 }, adapter)
        for (const who of ['connects', 'follows']) {
          // A file that still lists a dead follower.
          const left = join(world.folder, `${who}.db`)
          await world.rows(`VACUUM INTO '${left}'`)
          const handle = await world.engine.openHandle(left)
          const rows = (sql: string) => world.engine.rows(handle, sql)
          await rows('PRAGMA journal_mode = WAL')
          const connected = await world.open({}, left)
          for (const table of dropped.split(', ')) await rows(`DROP TABLE ${table}`)
          const write = "INSERT OR REPLACE INTO go_goscope_cache (key, value) VALUES ('cache:k', '1')"
          await assert.rejects(async () => rows(write), /no such table/)
          await connected.backup(join(world.folder, `${who}.copy`))
          await world.engine.restore(join(world.folder, `${who}.copy`), join(world.folder, `${who}.restored`))
          await connected.disconnect()
          const opened =
            who === 'connects' ? await world.open({}, left) : await world.follow({ target: ':memory:' }, left)
          await rows('SELECT count(*) FROM go_goscope_cache')
          await rows(write)
          if ('waitFor' in opened) await opened.waitFor()
          assert.equal(await opened.cache.get('k'), 1)
          await ('stop' in opened ? opened.stop() : opened.disconnect())
          assert.deepEqual(await rows(LOG), [])
          await world.engine.closeHandle(handle)
        }
      },
    )
  }

  check.once('refuses a symbolic link as its target, and writes nothing through it', async (world) => {
    const adapter = await followedSource(world)
    const place = (name: string): string => join(world.folder, name)
    await (await world.follow({ target: fileIn(world) }, adapter)).stop()
    await symlink(place('nowhere'), place('dangling'))
    await symlink(fileIn(world), place('link'))
    const before = besideDatabase(world)
    for (const name of ['dangling', 'link']) {
      await refuses(() => world.follow({ target: place(name) }, adapter), { code: 'CANNOT_OPEN', says: [name, 'link'] })
    }
    assert.deepEqual(besideDatabase(world), before)
  })
})
