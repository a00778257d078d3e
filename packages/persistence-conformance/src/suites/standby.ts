import assert from 'node:assert/strict'
import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '../eventually.js'
import { followedSource } from '../followed-source.js'
import { realTimers } from '../real-timers.js'
import { refuses } from '../refusal.js'
import { SIGNAL_SLIPS } from '../signal-slips.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'

const fileIn = (world: World): string => join(world.folder, 'standby.db')

/** The objects that following creates in the source. */
async function logOf(world: World): Promise<string[]> {
  const found = await world.rows(
    "SELECT name FROM sqlite_master WHERE name GLOB 'go_goscope_log_*' OR name IN ('go_goscope_changes', 'go_goscope_followers')",
  )
  return found.map(({ name }) => String(name))
}

export const standby: EngineSuite = engineSuite('a standby', (check) => {
  for (const where of [':memory:', 'a file'] as const) {
    const target = (world: World): string => (where === 'a file' ? fileIn(world) : where)

    // Whether a database is in memory is a matter of SQLite and not of the runtime.
    const declare = where === 'a file' ? check : check.oncePerBuild
    declare(`in ${where} has what was there, and what comes`, async (world) => {
      const adapter = await followedSource(world, { locks: 'database', keyPrefix: 'shop:' })
      await adapter.cache.set('before', { since: new Date(0) })
      const standby = await world.follow({ target: target(world) }, adapter)
      assert.equal(standby.state, 'following')
      assert.deepEqual(await standby.cache.get('before'), { since: new Date(0) })
      await adapter.cache.set('after', 1)
      await adapter.cache.delete('before')
      await adapter.idempotency.set('key', [null, 7])
      await adapter.checkpoint.save({ id: 'c', taskId: 't', sequence: 1, timestamp: 0, progress: 50, data: [1] })
      await adapter.circuitBreaker.recordFailure('api', 1)
      const position = await standby.waitFor()
      assert.ok(standby.position !== undefined && standby.position >= position)
      assert.equal(await standby.cache.get('after'), 1)
      assert.equal(await standby.cache.has('before'), false)
      assert.deepEqual(await standby.cache.keys(), ['after'])
      assert.deepEqual((await standby.idempotency.get('key'))?.value, [null, 7])
      assert.deepEqual((await standby.checkpoint.loadLatest('t'))?.data, [1])
      assert.equal((await standby.circuitBreaker.getState('api'))?.state, 'open')
    })

    check.once(`in ${where} is not written to`, async (world) => {
      const standby = await world.follow({ target: target(world) }, await followedSource(world))
      const writes = standby.cache as unknown as { set(key: string, value: unknown): Promise<void> }
      await refuses(() => writes.set('k', 1), { code: 'READ_ONLY', says: ['let the standby take over'] })
      assert.equal((await standby.verify()).equal, true)
    })
  }

  check.once('reports its status', async (world) => {
    const adapter = await followedSource(world)
    const before = Date.now()
    const standby = await world.follow({ target: ':memory:' }, adapter)
    const { position } = standby
    assert.ok(position !== undefined && standby.checkedAt !== undefined && standby.checkedAt >= before)
    assert.equal(standby.behind, 0)
    assert.equal(standby.reason, undefined)
    await adapter.cache.set('k', 1)
    await eventually('a change arrives without being asked for', () => (standby.position ?? 0) > position)
    const { checkedAt } = standby
    await eventually('it looks again while nothing changes', () => (standby.checkedAt ?? 0) > (checkedAt ?? 0))
    await standby.stop()
    assert.equal(standby.state, 'stopped')
    await refuses(() => standby.waitFor(), { code: 'CLOSED' })
    await standby.stop()
  })

  check.oncePerBuild(
    'follows what other connections and other programs write, and cache tables of the app',
    async (world) => {
      await followedSource(world)
      const orders = new world.engine.SQLiteCacheAdapter((await world.handle()) as never, { tableName: 'orders' })
      world.track(orders)
      await orders.connect()
      const standby = await world.follow({ target: fileIn(world) })
      await orders.set('o1', 'first')
      const second = await world.second({ clock: realTimers(world.clock.now) })
      await second.cache.set('k', 'second')
      await world.rows("INSERT INTO go_goscope_cache (key, value) VALUES ('cache:raw', '\"third\"')")
      const later = new world.engine.SQLiteCacheAdapter((await world.handle()) as never, { tableName: 'later' })
      world.track(later)
      await later.set('l', 'fourth')
      await standby.waitFor()
      assert.equal(await standby.cache.get('k'), 'second')
      assert.equal(await standby.cache.get('raw'), 'third')
      const { equal, rows } = await standby.verify()
      assert.equal(equal, true)
      await later.set('l2', 'fifth')
      assert.equal((await standby.verify()).rows, rows + 1, 'a table that was made meanwhile is followed too')
    },
  )

  check.once('follows tables whose names contain quotes and other marks of SQL', async (world) => {
    await followedSource(world)
    const names = ['a "b" c', "d'e", 'ü', 'é', 'x"; DROP TABLE go_goscope_cache; --']
    const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
    for (const [at, name] of names.entries()) {
      const made = new world.engine.SQLiteCacheAdapter((await world.handle()) as never, { tableName: `made_${at}` })
      world.track(made)
      await made.connect()
      await world.rows(`ALTER TABLE made_${at} RENAME TO ${quoted(name)}`)
    }
    const odd = quoted(`go_goscope_'"`)
    await world.rows(`CREATE TABLE ${odd} (${quoted('a "key"')} TEXT PRIMARY KEY, ${quoted("a 'value'")})`)
    const standby = await world.follow({ target: ':memory:' })
    const { rows } = await standby.verify()
    for (const name of names) await world.rows(`INSERT INTO ${quoted(name)} (key, value) VALUES ('k', '1')`)
    await world.rows(`REPLACE INTO ${odd} VALUES ('k', 1), ('k', 2)`)
    const { equal, rows: followed } = await standby.verify()
    assert.deepEqual([equal, followed], [true, rows + names.length + 1])
    assert.equal(standby.reason, undefined, 'by the log')
    await standby.stop()
    assert.deepEqual(await logOf(world), [])
  })

  check.once('the change log is in the source while a standby follows', async (world) => {
    const adapter = await followedSource(world)
    assert.deepEqual(await logOf(world), [])
    const one = await world.follow({ target: ':memory:' }, adapter)
    const two = await world.follow({ target: fileIn(world) }, adapter)
    assert.ok((await logOf(world)).length > 20)
    assert.equal(new Set((await adapter.inspect().standbys()).map(({ id }) => id)).size, 2)
    await one.stop()
    assert.equal((await adapter.inspect().standbys()).length, 1)
    await adapter.cache.set('k', 1)
    await two.waitFor()
    assert.equal(await two.cache.get('k'), 1)
    await adapter.connect()
    assert.equal((await two.verify()).equal, true)
    await two.stop()
    assert.deepEqual(await logOf(world), [])
    assert.deepEqual(await adapter.inspect().standbys(), [])
  })

  check.once('a backup of a followed file states its last change', async (world) => {
    const adapter = await followedSource(world)
    const [during, after] = ['during.db', 'after.db'].map((name) => join(world.folder, name)) as [string, string]
    const standby = await world.follow({ target: ':memory:' }, adapter)
    await adapter.cache.set('k', 1)
    const backup = await adapter.backup(during)
    assert.equal(backup.position, await standby.waitFor())
    assert.deepEqual(await world.engine.verifyBackup(during), backup)
    await standby.stop()
    assert.equal('position' in (await adapter.backup(after)), false)
  })

  check.once(
    'connect works with a change log in the file, and removes one whose followers never came back',
    async (world) => {
      const adapter = await followedSource(world)
      const standby = await world.follow({ target: ':memory:', every: 60_000 }, adapter)
      const began = await adapter.inspect().standbys()
      await (await world.second({ clock: realTimers(world.clock.now) })).cache.set('k', 1)
      assert.ok((await logOf(world)).length > 0)
      assert.deepEqual(
        (await adapter.inspect().standbys()).map(({ behind, ...rest }) => ({ ...rest, changed: behind > 0 })),
        began.map(({ behind, ...rest }) => ({ ...rest, changed: behind === 0 })),
      )
      assert.equal(began.length, 1)
      await world.rows('UPDATE go_goscope_followers SET seen_at = seen_at - 90000000')
      await world.connected(await world.plainHandle('third'))
      assert.deepEqual(await logOf(world), [])
      // What is written now is in no change log.
      await adapter.cache.set('unlogged', 1)
      await standby.waitFor()
      assert.match(String(standby.reason), /removed/)
      assert.equal(await standby.cache.get('unlogged'), 1)
      assert.equal((await standby.verify()).equal, true)
    },
  )

  check.once('waits for a position, until the signal is aborted', async (world) => {
    const adapter = await followedSource(world)
    const standby = await world.follow({ target: ':memory:' }, adapter)
    const next = (standby.position ?? 0) + 1
    const waiting = standby.waitFor(next)
    const controller = new AbortController()
    const never = standby.waitFor(next + 1_000, { signal: controller.signal })
    await adapter.cache.set('k', 1)
    assert.equal(await waiting, next)
    controller.abort(new Error('enough'))
    await assert.rejects(never, /enough/)
    const tooFar = standby.waitFor(next + 1_000)
    await standby.stop()
    await refuses(() => tooFar, { code: 'CLOSED' })
  })

  check.once('of an adapter that was opened read-only is refused, and the file is not written', async (world) => {
    await (await world.openMade({})).disconnect()
    for (const options of [{ readOnly: true }, { immutable: true }]) {
      const reader = await world.open(options)
      const following = () => world.follow({ target: ':memory:' }, reader)
      await refuses(following, { code: 'READ_ONLY', says: ['read-only', 'the path of the file'] })
      await reader.disconnect()
    }
    await (await world.follow({ target: ':memory:' }, world.path as never)).stop()
  })

  check.once('refuses invalid options of waitFor and takeOver by name, and continues to follow', async (world) => {
    const adapter = await followedSource(world)
    const standby = await world.follow({ target: ':memory:' }, adapter)
    const says = (name: string) => ({ code: 'INVALID_ARGUMENT', says: [name] })
    for (const [options, name] of SIGNAL_SLIPS) {
      await refuses(() => standby.waitFor(undefined, options as never), says(name))
    }
    for (const [options, name] of [
      [{ force: 1 }, 'option force must be true or false'],
      [{ forced: true }, 'did you mean force?'],
      [null, 'options must be an object with force, got null'],
      [Promise.resolve({ force: true }), 'a promise that was not awaited'],
    ] as const) {
      await refuses(() => standby.takeOver(options as never), says(name))
    }
    await adapter.cache.set('k', 1)
    await standby.waitFor()
    assert.equal(standby.state, 'following')
  })

  check('a signal ends it', async (world) => {
    const adapter = await followedSource(world)
    const controller = new AbortController()
    const standby = await world.follow({ target: ':memory:', signal: controller.signal }, adapter)
    controller.abort()
    await eventually('it has stopped', () => standby.state === 'stopped')
    await standby.stop()
    assert.deepEqual(await logOf(world), [])
    await assert.rejects(world.follow({ target: ':memory:', signal: controller.signal }, adapter), {
      name: 'AbortError',
    })
  })

  check.once('refuses a target that is not a standby, is in use, or is the source', async (world) => {
    const adapter = await followedSource(world)
    const target = fileIn(world)
    const follow = (to: string, code: string) => refuses(() => world.follow({ target: to }, adapter), { code })
    await follow(world.path, 'INVALID_ARGUMENT')
    const nowhere = await refuses(() => world.follow({ target: 7 as never }, adapter), { code: 'INVALID_ARGUMENT' })
    assert.match(nowhere.message, /^standby\.follow: option target must be the path of/)
    await world.follow({ target }, adapter)
    assert.equal((await stat(target)).mode & 0o777, 0o600)
    await follow(target, 'FILE_IN_USE')
    const text = join(world.folder, 'notes.txt')
    await writeFile(text, 'no database, but longer than the header of one, which has a hundred bytes'.repeat(10))
    await follow(text, 'NOT_A_DATABASE')
    const other = join(world.folder, 'other.db')
    await world.rows(`VACUUM INTO '${other}'`)
    await follow(other, 'FILE_EXISTS')
    await follow(world.folder, 'CANNOT_OPEN')
  })

  check.once('refuses sources that cannot be followed', async (world) => {
    const follow = (source: object | string, code: string) =>
      refuses(() => world.follow({ target: ':memory:' }, source), { code })
    await follow(join(world.folder, 'none.db'), 'CANNOT_OPEN')
    await follow(':memory:', 'INVALID_ARGUMENT')
    await follow(await world.open({}, ':memory:'), 'INVALID_ARGUMENT')
    await follow(7 as never, 'INVALID_ARGUMENT')
    await world.rows('CREATE TABLE mine (x)')
    await follow(world.path, 'SCHEMA_MISSING')
    const adapter = await world.connected(await world.plainHandle('second'))
    await world.rows('PRAGMA journal_mode = DELETE')
    await follow(adapter, 'WAL_NEEDED')
    await world.rows('PRAGMA journal_mode = WAL')
    await world.rows('CREATE TABLE go_goscope_changes (mine)')
    await follow(adapter, 'FOREIGN_TABLE')
    assert.deepEqual(await world.rows('SELECT * FROM go_goscope_changes'), [])
  })
})
