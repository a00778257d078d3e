import assert from 'node:assert/strict'
import { readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '../eventually.js'
import { followedSource } from '../followed-source.js'
import { held } from '../held.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'

const fileIn = (world: World): string => join(world.folder, 'standby.db')
const JUMP = 2 ** 32
const TTL = 60_000

/** The SQL of each of our objects except those of the change log. */
async function objectsOf(world: World, path: string): Promise<unknown[]> {
  const handle = await world.engine.openHandle(path)
  try {
    return await world.engine.rows(
      handle,
      `SELECT type, name, sql FROM sqlite_master
WHERE name NOT GLOB 'go_goscope_log_*' AND name NOT IN ('go_goscope_changes', 'go_goscope_followers') ORDER BY type, name`,
    )
  } finally {
    await world.engine.closeHandle(handle)
  }
}

export const standbyTakeover: EngineSuite = engineSuite('a standby that takes over', (check) => {
  for (const where of [':memory:', 'a file'] as const) {
    // Whether a database is in memory is a matter of SQLite and not of the runtime.
    const declare = where === 'a file' ? check : check.oncePerBuild
    declare(`in ${where} is a database of its own, whose tokens and generations go on growing`, async (world) => {
      const adapter = await followedSource(world, { locks: 'database', keyPrefix: 'shop:' })
      const mine = await adapter.lock.acquire('held', TTL, 'me')
      const old = await adapter.lock.acquire('job', TTL)
      const claim = await adapter.idempotency.claim('key', { lease: TTL })
      assert.ok(mine !== null && old !== null && claim.state === 'claimed')
      const standby = await world.follow({ target: where === 'a file' ? fileIn(world) : where }, adapter)
      await adapter.cache.set('k', 'last')
      const promoted = world.track(await standby.takeOver({ force: true }))
      assert.equal(standby.state, 'stopped')
      assert.equal(await promoted.cache.get('k'), 'last')
      assert.equal(await promoted.lock.acquire('held', TTL), null, 'leases hold on')
      assert.equal(await promoted.lock.extend('held', TTL, 'me'), true)
      // The source keeps issuing tokens. A holder of such a token must not pass for a newer holder.
      await old.release()
      const beside = await adapter.lock.acquire('job', TTL)
      await promoted.lock.forceRelease('job')
      const token = (await promoted.lock.acquire('job', TTL))?.token
      assert.ok(token !== undefined && beside !== null && token > beside.token && token > JUMP)
      assert.equal((await promoted.idempotency.claim('key', { lease: TTL })).state, 'running')
      const again = await promoted.idempotency.claim('another', { lease: TTL })
      assert.ok(again.state === 'claimed')
      assert.ok(again.generation > claim.generation + JUMP)
      await again.complete('done')
      const { state } = await promoted.idempotency.claim('another', { lease: TTL })
      assert.equal(state, 'completed')
    })
  }

  check.once('stops following when its file is lost, and an empty file does not take over', async (world) => {
    const adapter = await followedSource(world)
    const target = fileIn(world)
    for (const [place, told] of [
      ['deleted', true],
      ['replaced', true],
      ['deleted', false],
    ] as const) {
      const standby = await world.follow({ target }, adapter)
      await rename(target, `${target}.moved`)
      if (place === 'replaced') await writeFile(target, '')
      const gone = { code: 'NOT_FOLLOWING', says: ['lost', 'file of the standby was deleted'] }
      if (told) {
        await adapter.cache.set('k', 1)
        await refuses(() => standby.waitFor(), gone)
        assert.equal(standby.state, 'lost')
      }
      await refuses(() => standby.takeOver({ force: true }), gone)
      await standby.stop()
      assert.equal((await readdir(world.folder)).includes('standby.db'), place === 'replaced')
      for (const name of await readdir(world.folder)) if (name.startsWith('standby')) await rm(join(world.folder, name))
      assert.deepEqual(await adapter.inspect().standbys(), [])
    }
  })

  check.once('takes over once', async (world) => {
    const adapter = await followedSource(world)
    for (const target of [':memory:', fileIn(world)]) {
      const standby = await world.follow({ target }, adapter)
      const [first, second] = await Promise.allSettled([
        standby.takeOver({ force: true }),
        standby.takeOver({ force: true }),
      ])
      assert.ok(first.status === 'fulfilled' && second.status === 'rejected')
      world.track(first.value)
      for (const refused of [second.reason, await standby.takeOver({ force: true }).catch((error) => error)]) {
        assert.match(refused.message, /it has taken over/)
        assert.match(refused.code, target === ':memory:' ? /^NOT_FOLLOWING$/ : /^(NOT_FOLLOWING|CLOSED)$/)
      }
      assert.equal(await first.value.cache.get('k'), null)
    }
  })

  check.once(
    'grants no token and no generation of the source, nor of another standby that takes over',
    async (world) => {
      const adapter = await followedSource(world, { locks: 'database' })
      const standbys = [
        await world.follow({ target: ':memory:' }, adapter),
        await world.follow({ target: fileIn(world) }, adapter),
      ]
      const files = [adapter]
      for (const standby of standbys) files.push(world.track(await standby.takeOver({ force: true })))
      const tokens: number[] = []
      const generations: number[] = []
      for (let time = 0; time < 5; time++) {
        for (const file of files) {
          tokens.push((await file.lock.acquire(`lock ${time}`, TTL))?.token ?? 0)
          generations.push(held(await file.idempotency.claim(`key ${time}`, { lease: TTL })).generation)
        }
      }
      assert.equal(new Set(tokens).size, 15, `${tokens}`)
      assert.equal(new Set(generations).size, 15, `${generations}`)
      assert.ok([...tokens, ...generations].every(Number.isSafeInteger))
      const sources = tokens.filter((_, at) => at % 3 === 0)
      assert.ok(tokens.every((token) => sources.includes(token) || token > Math.max(...sources) + JUMP))
    },
  )

  check.oncePerBuild('has the objects of every other file, and nothing of a standby', async (world) => {
    const adapter = await followedSource(world)
    const before = await objectsOf(world, world.path)
    const standby = await world.follow({ target: fileIn(world) }, adapter)
    await (await standby.takeOver({ force: true })).disconnect()
    assert.deepEqual(await objectsOf(world, fileIn(world)), before)
    assert.deepEqual(await objectsOf(world, world.path), before)
    await standby.stop()
    assert.deepEqual(
      await world.rows(
        "SELECT name FROM sqlite_master WHERE name GLOB 'go_goscope_log_*' OR name = 'go_goscope_changes'",
      ),
      [],
      'the log has gone with the standby',
    )
    const opened = await world.open({}, fileIn(world))
    await opened.cache.set('k', 1)
    const [mine, theirs] = await Promise.all(
      [world.path, fileIn(world)].map(async (path) => {
        const handle = await world.engine.openHandle(path)
        const [row] = await world.engine.rows(handle, "SELECT value FROM go_goscope_meta WHERE key = 'lineage'")
        await world.engine.closeHandle(handle)
        return row?.value
      }),
    )
    assert.ok(mine !== undefined && theirs !== undefined && mine !== theirs)
    // The promoted database can now have its own standby.
    const second = await world.follow({ target: ':memory:' }, fileIn(world))
    assert.equal(await second.cache.get('k'), 1)
  })

  check.oncePerBuild(
    'refuses to take over while a connection, also an idle one, has the source open, and continues to follow',
    async (world) => {
      const adapter = await followedSource(world)
      const standby = await world.follow({ target: ':memory:' }, adapter)
      await refuses(() => standby.takeOver(), { code: 'FILE_IN_USE', says: ['is still open', 'force: true'] })
      assert.equal(standby.state, 'following')
      await adapter.cache.set('k', 1)
      await standby.waitFor()
      assert.equal(await standby.cache.get('k'), 1)
      await refuses(() => standby.takeOver({ force: 1 as never }), { code: 'INVALID_ARGUMENT' })
    },
  )

  check.once('takes over from a file that is gone', async (world) => {
    const adapter = await followedSource(world, { locks: 'database' })
    await adapter.cache.set('k', 1)
    const token = (await adapter.lock.acquire('job', TTL))?.token ?? 0
    const standby = await world.follow({ target: fileIn(world) }, adapter)
    const elsewhere = join(world.folder, 'elsewhere.db')
    await rename(world.path, elsewhere)
    await eventually('it is noticed', () => standby.state === 'stopped')
    const promoted = world.track(await standby.takeOver())
    assert.equal(await promoted.cache.get('k'), 1)
    assert.ok(((await promoted.lock.acquire('other', TTL))?.token ?? 0) > token + JUMP)
    await rename(elsewhere, world.path)
  })

  // A limit that the documentation of standbys states: tables of the app are lost with the source.
  check.once('has no table of the app', async (world) => {
    const adapter = await followedSource(world)
    await world.rows('CREATE TABLE reports (day TEXT PRIMARY KEY)')
    await world.rows("INSERT INTO reports VALUES ('2026-01-31')")
    const standby = await world.follow({ target: fileIn(world) }, adapter)
    assert.equal((await standby.verify()).equal, true)
    await world.track(await standby.takeOver({ force: true })).disconnect()
    const names = (objects: unknown[]): unknown[] => objects.map((object) => (object as { name: unknown }).name)
    assert.ok(names(await objectsOf(world, world.path)).includes('reports'))
    assert.ok(!names(await objectsOf(world, fileIn(world))).includes('reports'))
  })

  check.once('takes over in a process that never saw the source', async (world) => {
    const adapter = await followedSource(world)
    await adapter.cache.set('k', 1)
    await (await world.follow({ target: fileIn(world) }, adapter)).stop()
    const elsewhere = join(world.folder, 'elsewhere.db')
    await rename(world.path, elsewhere)
    const standby = await world.follow({ target: fileIn(world) })
    assert.equal(standby.state, 'stopped')
    assert.equal(await standby.cache.get('k'), 1)
    const promoted = world.track(await standby.takeOver())
    assert.equal(await promoted.cache.get('k'), 1)
    await rename(elsewhere, world.path)
  })

  check.once('is a file that no adapter opens before it takes over', async (world) => {
    const standby = await world.follow({ target: fileIn(world) }, await followedSource(world))
    const early = () => world.open({ busyTimeout: 0 }, fileIn(world))
    await refuses(early, { code: 'BUSY', says: ['for itself', 'a running standby'] })
    await standby.stop()
    for (const options of [{}, { readOnly: true }]) {
      const opening = () => world.open(options, fileIn(world))
      await refuses(opening, { code: 'FOREIGN_TABLE', says: ['standby', 'takeOver'] })
    }
  })
})
