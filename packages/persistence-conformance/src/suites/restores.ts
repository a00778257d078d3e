import assert from 'node:assert/strict'
import { chmod, copyFile, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { besideDatabase, fill } from '../copied-content.js'
import { held } from '../held.js'
import { contentOf, prepareRestore as prepare } from '../prepared-restore.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'

const JUMP = 2 ** 32

/** Makes a file as a process leaves it that dies in a transaction, and returns its path. */
async function leaveCrash(world: World, mode: 'WAL' | 'DELETE'): Promise<string> {
  const [living, crashed] = ['living.db', 'crashed.db'].map((name) => join(world.folder, name)) as [string, string]
  const handle = await world.engine.openHandle(living)
  await world.engine.rows(handle, `PRAGMA journal_mode = ${mode}`)
  await world.engine.rows(handle, 'CREATE TABLE ghost (id, text)')
  // With a small page cache the engine writes changed pages into the file before the commit, and the journal is hot.
  await world.engine.rows(handle, 'PRAGMA cache_size = 1')
  await world.engine.rows(handle, 'BEGIN IMMEDIATE')
  await world.engine.rows(handle, 'CREATE TABLE uncommitted (id, text)')
  const random = `WITH RECURSIVE count(at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM count LIMIT 50)
INSERT INTO uncommitted SELECT at, hex(randomblob(2000)) FROM count`
  await world.engine.rows(handle, random)
  const sidecar = mode === 'WAL' ? '-wal' : '-journal'
  for (const suffix of ['', sidecar]) await copyFile(living + suffix, crashed + suffix)
  await world.engine.rows(handle, 'ROLLBACK')
  await world.engine.closeHandle(handle)
  assert.ok((await stat(crashed + sidecar)).size > 0, `there is no ${sidecar}`)
  return crashed
}

export const restores: EngineSuite = engineSuite('restores', (check) => {
  check('the file is as the backup was, the old one is kept, and the result explains the effects', async (world) => {
    const { backup, dump } = await prepare(world)
    const bytes = await readFile(backup)
    await chmod(world.path, 0o640)
    const restored = await world.engine.restore(backup, world.path)
    assert.equal(restored.path, world.path)
    assert.match(restored.kept ?? '', /app\.db\.before-\d{8}T\d{6}\.\d{3}Z$/)
    assert.deepEqual(Object.keys(restored.meaning).sort(), [
      'breakers',
      'cache',
      'checkpoints',
      'claims',
      'locks',
      'results',
    ])
    assert.deepEqual(await contentOf(world, world.path), [1, null])
    const kept = await rowsOf(world, restored.kept as string, 'SELECT key AS name FROM go_goscope_cache ORDER BY key')
    assert.deepEqual(kept, ['cache:after', 'cache:before'])
    assert.notEqual(await world.dump(), dump)
    assert.deepEqual(await readFile(backup), bytes, 'the backup was changed')
    assert.equal((await stat(world.path)).mode & 0o777, 0o640)
    assert.ok(!besideDatabase(world).some((name) => name.startsWith('.go-goscope') || name.endsWith('.restoring')))
  })

  check.oncePerBuild(
    'tokens and generations continue above all that were granted, so that fencing still works',
    async (world) => {
      let token = 0
      let generation = 0
      const { backup } = await prepare(world, async (adapter) => {
        for (let grant = 0; grant < 5; grant++) {
          const lock = await adapter.lock.acquire('job', 60_000)
          token = lock?.token ?? 0
          if (grant < 4) await lock?.release()
          const claim = held(await adapter.idempotency.claim(`k${grant}`, { lease: 60_000 }))
          generation = claim.generation
        }
      })
      const { tokensAbove, generationsAbove } = await world.engine.restore(backup, world.path)
      const adapter = await world.openMade({ locks: 'database' })
      const lock = await adapter.lock.acquire('job', 60_000)
      const claim = held(await adapter.idempotency.claim('k4', { lease: 60_000 }))
      assert.ok(
        lock !== null && lock.token > tokensAbove && tokensAbove >= JUMP && lock.token > token,
        `${lock?.token} after ${token}`,
      )
      assert.ok(
        claim.generation > generationsAbove && generationsAbove >= JUMP,
        `${claim.generation} after ${generation}`,
      )
      await lock.release()
      await adapter.disconnect()
      const again = await world.engine.restore(backup, world.path)
      assert.ok(again.tokensAbove > lock.token, `${again.tokensAbove} after ${lock.token}, of the same backup`)
      assert.ok(again.generationsAbove > claim.generation, `${again.generationsAbove} after ${claim.generation}`)
      assert.notEqual(
        again.lineage,
        (await world.rows("SELECT value FROM go_goscope_meta WHERE key = 'schema_version'"))[0]?.value,
      )
    },
  )

  check.once('two files restored from one backup never grant the same token', async (world) => {
    const { backup } = await prepare(world)
    const [one, other] = await Promise.all(
      ['one.db', 'other.db'].map((name) => world.engine.restore(backup, join(world.folder, name))),
    )
    assert.ok(one !== undefined && other !== undefined && one.lineage !== other.lineage)
    for (const above of ['tokensAbove', 'generationsAbove'] as const) {
      assert.ok(Math.abs(one[above] - other[above]) > 10, `${above}: ${one[above]} and ${other[above]}`)
      assert.ok(Number.isSafeInteger(one[above]))
    }
  })

  check('an abort before the thread has begun leaves nothing', async (world) => {
    const { backup, dump } = await prepare(world)
    const controller = new AbortController()
    const restoring = world.engine.restore(backup, world.path, { signal: controller.signal })
    controller.abort(new Error('enough'))
    await assert.rejects(restoring, /enough/)
    assert.ok(!besideDatabase(world).some((name) => name.startsWith('.go-goscope') || name.endsWith('.restoring')))
    assert.equal(await world.dump(), dump)
  })

  check.once('a lock held before the restore is not held in the restored file', async (world) => {
    const first = await world.openMade({ locks: 'database' })
    const lock = await first.lock.acquire('job', 3_600_000)
    held(await first.idempotency.claim('k', { lease: 3_600_000 }))
    const { path } = await first.backup(join(world.folder, 'copy.db'))
    await first.disconnect()
    await world.engine.restore(path, world.path)
    const second = await world.openMade({ locks: 'database' })
    const mine = await second.lock.acquire('job', 60_000)
    assert.ok(mine !== null && mine.token > (lock?.token ?? 0))
    held(await second.idempotency.claim('k', { lease: 60_000 }))
  })

  check.oncePerBuild(
    'a restore is refused while an adapter or a handle has the file open, also an idle one',
    async (world) => {
      const { backup } = await prepare(world)
      const adapter = await world.openMade()
      const inUse = { code: 'FILE_IN_USE', says: ['app.db'] }
      await refuses(() => world.engine.restore(backup, world.path), inUse)
      await adapter.disconnect()
      const handle = await world.engine.openHandle(world.path)
      await world.engine.rows(handle, 'SELECT count(*) FROM go_goscope_cache')
      await refuses(() => world.engine.restore(backup, world.path), inUse)
      await world.engine.closeHandle(handle)
      assert.deepEqual(await contentOf(world, world.path), [1, 1])
      await world.engine.restore(backup, world.path)
      assert.deepEqual(await contentOf(world, world.path), [1, null])
    },
  )

  check.once('of two concurrent restores, one is made and the other refused', async (world) => {
    const { backup } = await prepare(world)
    const both = await Promise.allSettled([1, 2].map(() => world.engine.restore(backup, world.path)))
    const codes = both.map((result) => (result.status === 'fulfilled' ? 'made' : result.reason.code))
    assert.deepEqual(codes.sort(), ['FILE_IN_USE', 'made'])
    assert.equal(besideDatabase(world).filter((name) => name.startsWith('app.db.before-')).length, 1)
  })

  check.once('a file that is damaged or not a backup is refused, and the target stays unchanged', async (world) => {
    const { backup, dump } = await prepare(world)
    const { engine } = world
    const bytes = await readFile(backup)
    const manifest = await readFile(`${backup}.json`, 'utf8')
    const flipped = Buffer.from(bytes)
    // Inside a value, which the engine's checks do not read.
    const at = flipped.indexOf('before')
    flipped[at] = (flipped[at] ?? 0) ^ 1
    const cases: readonly (readonly [
      title: string,
      bytes: Buffer | undefined,
      manifest: string | undefined,
      code: string,
    ])[] = [
      ['flipped.db', flipped, manifest, 'BACKUP_DAMAGED'],
      ['short.db', bytes.subarray(0, bytes.length - 4_096), manifest, 'BACKUP_DAMAGED'],
      ['empty.db', Buffer.alloc(0), manifest, 'BACKUP_DAMAGED'],
      ['bytes.db', bytes, manifest.replace('"bytes": ', '$&1'), 'BACKUP_DAMAGED'],
      ['pages.db', bytes, manifest.replace('"pages": ', '$&1'), 'BACKUP_DAMAGED'],
      ['version.db', bytes, manifest.replace('"schemaVersion": ', '$&1'), 'BACKUP_DAMAGED'],
      ['position.db', bytes, manifest.replace('{', '{"position":1,'), 'BACKUP_DAMAGED'],
      ['bare.db', bytes, undefined, 'NOT_A_BACKUP'],
      ['foreign.db', bytes, '{"format":"other/1"}', 'NOT_A_BACKUP'],
      ['text.db', bytes, 'a text', 'NOT_A_BACKUP'],
      ['half.db', bytes, manifest.slice(0, 40), 'NOT_A_BACKUP'],
      ['missing.db', undefined, manifest, 'CANNOT_OPEN'],
    ]
    for (const [name, content, note, code] of cases) {
      const path = join(world.folder, name)
      if (content !== undefined) await writeFile(path, content)
      if (note !== undefined) await writeFile(`${path}.json`, note)
      await refuses(() => engine.verifyBackup(path), { code, says: [name] })
      if (content === flipped)
        await refuses(() => engine.restore(path, world.path), { code, says: [path, 'use another backup'] })
    }
    await engine.verifyBackup(backup)
    await writeFile(`${backup}-wal`, 'x')
    await refuses(() => engine.verifyBackup(backup), { code: 'BACKUP_DAMAGED', says: ['-wal'] })
    assert.equal(await world.dump(), dump)
    assert.ok(!besideDatabase(world).some((name) => /^(\.go-goscope|app\.db\.)/.test(name)))
  })

  for (const mode of ['WAL', 'DELETE'] as const) {
    check.oncePerBuild(
      `a journal left by a crash in mode ${mode} is not applied to the restored file`,
      async (world) => {
        const { backup } = await prepare(world)
        const target = await leaveCrash(world, mode)
        const { kept = '' } = await world.engine.restore(backup, target)
        assert.deepEqual(await contentOf(world, target), [1, null])
        const [restored, old] = await Promise.all(
          [target, kept].map((path) => rowsOf(world, path, 'SELECT name FROM sqlite_master')),
        )
        assert.deepEqual([restored?.includes('ghost'), restored?.includes('uncommitted')], [false, false])
        assert.deepEqual([old?.includes('ghost'), old?.includes('uncommitted')], [true, false])
      },
    )
  }

  check.oncePerBuild('a damaged file can be replaced, and is kept with its sidecars', async (world) => {
    const { backup } = await prepare(world, (adapter) => fill(adapter, 2))
    await truncate(world.path, 10_000)
    await writeFile(`${world.path}-wal`, 'a log')
    const first = await world.engine.restore(backup, world.path)
    assert.deepEqual(await contentOf(world, world.path), [1, null])
    assert.equal((await stat(first.kept as string)).size, 10_000)
    const other = join(world.folder, 'other.db')
    await writeFile(other, 'no database at all. '.repeat(1_000))
    await writeFile(`${other}-wal`, 'a log')
    const second = await world.engine.restore(backup, other)
    assert.deepEqual(await contentOf(world, other), [1, null])
    assert.equal(await readFile(`${second.kept}-wal`, 'utf8'), 'a log')
  })
})

async function rowsOf(world: World, path: string, sql: string): Promise<unknown[]> {
  const handle = await world.engine.openHandle(path)
  try {
    return (await world.engine.rows(handle, sql)).map(({ name }) => name)
  } finally {
    await world.engine.closeHandle(handle)
  }
}
