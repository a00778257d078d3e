import assert from 'node:assert/strict'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { StandbyUnderTest } from '../engine-under-test.js'
import { eventually } from '../eventually.js'
import { followedSource } from '../followed-source.js'
import { realTimers } from '../real-timers.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'

/** Copies the source as it is now to a file beside it, by SQL. */
async function copyOf(world: World, name: string): Promise<string> {
  const copy = join(world.folder, name)
  await world.rows(`VACUUM INTO '${copy}'`)
  // VACUUM INTO makes a file that is not in WAL mode. Without WAL, readers block writers.
  const handle = await world.engine.openHandle(copy)
  await world.engine.rows(handle, 'PRAGMA journal_mode = WAL')
  await world.engine.closeHandle(handle)
  return copy
}

/** Moves `copy` to the path of the source and removes the sidecar files of the source. */
async function putInPlace(world: World, copy: string): Promise<void> {
  await world.rows('PRAGMA wal_checkpoint(TRUNCATE)')
  for (const sidecar of ['-wal', '-shm']) await rm(world.path + sidecar)
  await rename(copy, world.path)
}

async function diverges(standby: StandbyUnderTest, why: RegExp): Promise<void> {
  await eventually('it is found out', () => standby.state === 'diverged')
  assert.match(String(standby.reason), why)
  await refuses(() => standby.takeOver(), { code: 'DIVERGED' })
  await refuses(() => standby.verify(), { code: 'DIVERGED' })
  await refuses(() => standby.waitFor((standby.position ?? 0) + 1), { code: 'DIVERGED' })
}

export const standbyDivergence: EngineSuite = engineSuite('a standby whose source diverged', (check) => {
  check.oncePerBuild('detects that the source was replaced by an older copy', async (world) => {
    const adapter = await followedSource(world)
    const standby = await world.follow({ target: ':memory:' }, adapter)
    await adapter.cache.set('count', 1)
    await standby.waitFor()
    const copy = await copyOf(world, 'older.db')
    await adapter.cache.set('count', 2)
    await standby.waitFor()
    await putInPlace(world, copy)
    await diverges(standby, /older/)
    assert.equal(await standby.cache.get('count'), 2, 'what it has can still be read')
  })

  check.once('detects that the source was replaced by a copy from before it was followed', async (world) => {
    const adapter = await followedSource(world)
    const copy = await copyOf(world, 'older.db')
    const standby = await world.follow({ target: ':memory:' }, adapter)
    await adapter.cache.set('count', 1)
    await standby.waitFor()
    await putInPlace(world, copy)
    await diverges(standby, /never followed/)
    await refuses(() => standby.takeOver(), { code: 'DIVERGED', says: ['never followed'] })
    const promoted = world.track(await standby.takeOver({ force: true }))
    assert.equal(await promoted.cache.get('count'), 1, 'what the source had can be kept')
  })

  check.once('detects that the source went on from an older copy and reached the same position', async (world) => {
    const adapter = await followedSource(world)
    const standby = await world.follow({ target: ':memory:' }, adapter)
    const copy = await copyOf(world, 'fork.db')
    const fork = await world.open({}, copy)
    for (let n = 0; n < 3; n++) await fork.cache.set('count', n)
    await fork.disconnect()
    await adapter.cache.set('count', 'mine')
    await standby.waitFor()
    await putInPlace(world, copy)
    await diverges(standby, /another one/)
    assert.equal(await standby.cache.get('count'), 'mine')
  })

  check.once('detects that the source is a restored copy, which has its own lineage', async (world) => {
    const adapter = await followedSource(world)
    const standby = await world.follow({ target: ':memory:' }, adapter)
    await world.rows("UPDATE go_goscope_meta SET value = 'another' WHERE key = 'lineage'")
    await diverges(standby, /lineage/)
  })

  check.once('continues with a copy that is at exactly its position', async (world) => {
    const adapter = await followedSource(world)
    const standby = await world.follow({ target: ':memory:' }, adapter)
    await adapter.cache.set('count', 1)
    await standby.waitFor()
    const copy = await copyOf(world, 'same.db')
    const moved = await world.open({}, copy)
    await moved.cache.set('count', 2)
    await moved.disconnect()
    await putInPlace(world, copy)
    await eventually(
      'it follows the file that has the name now',
      () => standby.state === 'following' && standby.reason !== undefined,
    )
    assert.equal(await standby.cache.get('count'), 2)
    assert.equal((await standby.verify()).equal, true)
  })

  check.once('a checksum finds manual writes to the standby', async (world) => {
    const adapter = await followedSource(world)
    const target = join(world.folder, 'standby.db')
    const first = await world.follow({ target }, adapter)
    // Keeps the change log, so that the first standby continues from its position.
    await world.follow({ target: ':memory:', every: 60_000 }, adapter)
    await adapter.cache.set('count', 1)
    await first.waitFor()
    await first.stop()
    await world.rows(`ATTACH '${target}' AS standby`)
    await world.rows("UPDATE standby.go_goscope_cache SET value = '2'")
    await world.rows('DETACH standby')
    await adapter.cache.set('other', 1)
    const edited = await world.follow({ target }, adapter)
    assert.equal(edited.reason, undefined, 'it was not copied anew')
    const { equal, sha256, sourceSha256 } = await edited.verify()
    assert.equal(equal, false)
    assert.notEqual(sha256, sourceSha256)
    await diverges(edited, /differ/)
    await refuses(() => edited.takeOver({ force: true }), { code: 'DIVERGED' })
  })

  check.once('reports that the source is gone, and can still be read', async (world) => {
    const adapter = await followedSource(world)
    await adapter.cache.set('k', 1)
    const standby = await world.follow({ target: ':memory:' }, adapter)
    await rename(world.path, join(world.folder, 'elsewhere.db'))
    await eventually('it is noticed', () => standby.state === 'stopped')
    assert.match(String(standby.reason), /no file/)
    assert.equal(standby.behind, undefined)
    assert.equal(await standby.cache.get('k'), 1)
    await refuses(() => standby.waitFor((standby.position ?? 0) + 1), { code: 'NOT_FOLLOWING' })
    await rename(join(world.folder, 'elsewhere.db'), world.path)
  })

  check.once('copies again, and says why, when the change log was too short or the schema changed', async (world) => {
    const adapter = await followedSource(world)
    const standby = await world.follow({ target: ':memory:', every: 60_000 }, adapter)
    for (let n = 0; n < 5; n++) await adapter.cache.set('count', n)
    await world.rows('DELETE FROM go_goscope_changes WHERE seq < (SELECT max(seq) FROM go_goscope_changes)')
    await standby.waitFor()
    assert.match(String(standby.reason), /log begins/)
    assert.equal(await standby.cache.get('count'), 4)
    await world.rows('CREATE TABLE mine (x)')
    await standby.waitFor()
    assert.match(String(standby.reason), /schema/)
    assert.equal((await standby.verify()).equal, true)
  })

  check.once('copies again what was written while a trigger of the change log was missing', async (world) => {
    const adapter = await followedSource(world)
    const standby = await world.follow({ target: ':memory:' }, adapter)
    await world.rows('DROP TABLE go_goscope_cache')
    await adapter.connect()
    const again = await world.second({ clock: realTimers(world.clock.now) })
    await again.cache.set('k', 1)
    await eventually('it is copied', () => standby.reason !== undefined && standby.state === 'following')
    await again.cache.set('l', 2)
    await standby.waitFor()
    assert.deepEqual([...(await standby.cache.getMany(['k', 'l'])).values()], [1, 2])
    assert.equal((await standby.verify()).equal, true)
  })
})
