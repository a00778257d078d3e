import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { assertMoment, besideDatabase, ENTRIES, fill, inCopy, SLOWLY, Writing } from '../copied-content.js'
import type { CopyProgressUnderTest } from '../engine-under-test.js'
import { eventually } from '../eventually.js'
import { forAll } from '../property.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'

/** Random aborts; `npm run soak` makes four times as many. */
const ABORTS = 5

export const backups: EngineSuite = engineSuite('backups', (check) => {
  const target = (world: World): string => join(world.folder, 'copy.db')

  check('a backup holds what was committed, is private, and says what it is', async (world) => {
    const adapter = await world.openMade({ clock: world.clock, locks: 'database' })
    await fill(adapter, 20)
    await adapter.idempotency.set('paid', { amount: 7 })
    const heard: CopyProgressUnderTest[] = []
    const backup = await adapter.backup(target(world), { rate: 100, progress: (event) => heard.push(event) })
    const bytes = await readFile(backup.path)
    assert.equal(backup.path, target(world))
    assert.equal(backup.bytes, bytes.length)
    assert.equal(backup.sha256, createHash('sha256').update(bytes).digest('hex'))
    // Not in WAL mode, in which every reader writes files beside it.
    assert.deepEqual([...bytes.subarray(18, 20)], [1, 1])
    assert.equal(backup.startedAt, world.clock.now())
    assert.ok(backup.pages > 400 && bytes.length % backup.pages === 0, `${backup.pages} pages`)
    const { path, ...manifest } = backup
    const { format, ...noted } = JSON.parse(await readFile(`${path}.json`, 'utf8'))
    assert.deepEqual([format, noted], ['go-goscope-backup/1', manifest])
    for (const file of [path, `${path}.json`]) assert.equal((await stat(file)).mode & 0o777, 0o600, file)
    assert.deepEqual(heard[0], { totalPages: backup.pages, remainingPages: backup.pages })
    assert.deepEqual(heard.at(-1), { totalPages: backup.pages, remainingPages: 0 })
    assert.deepEqual(besideDatabase(world), ['copy.db', 'copy.db.json'])
    assert.deepEqual(await world.engine.verifyBackup(path), backup)
    const found = await inCopy(world, path, async (copy) => [
      await copy.idempotency.get('paid'),
      await copy.cache.keys('entry-*'),
    ])
    assert.deepEqual([found[0], (found[1] as string[]).length], [{ value: { amount: 7 } }, 20])
  })

  check('a backup never restarts, however much is written, and is the database at one moment', async (world) => {
    const adapter = await world.openMade()
    const other = await world.openMade()
    await fill(adapter, ENTRIES)
    const writing = new Writing(adapter)
    await eventually('a write was acknowledged', () => writing.acknowledged > 5)
    const before = writing.acknowledged
    let begun = 0
    let remaining = Number.POSITIVE_INFINITY
    const again = new AbortController()
    try {
      await other.backup(target(world), {
        ...SLOWLY,
        signal: again.signal,
        progress: ({ remainingPages }) => {
          if (remaining === Number.POSITIVE_INFINITY) begun = writing.acknowledged
          // A copy that starts anew could go on forever while a writer is running.
          if (remainingPages > remaining) again.abort(new Error('the copy has started anew'))
          remaining = remainingPages
        },
      })
    } finally {
      await writing.stop()
    }
    assert.ok(writing.acknowledged > begun, 'nothing was written meanwhile')
    await world.engine.verifyBackup(target(world))
    await assertMoment(world, target(world), before)
  })

  check.oncePerBuild('a plain copy of the open file fails the same test', async (world) => {
    const adapter = await world.openMade()
    await fill(adapter, 10)
    await world.rows('PRAGMA wal_checkpoint(TRUNCATE)')
    await world.closeRaw()
    const writing = new Writing(adapter)
    await eventually('a write was acknowledged', () => writing.acknowledged > 5)
    const { acknowledged } = writing
    await copyFile(world.path, target(world))
    await writing.stop()
    await assert.rejects(assertMoment(world, target(world), acknowledged), /were acknowledged before the copy began/)
  })

  check.once('a backup overwrites nothing: an existing target is refused, whatever it is', async (world) => {
    const adapter = await world.openMade()
    const place = (name: string): string => join(world.folder, name)
    const open = await world.open({}, place('open.db'))
    await open.cache.set('mine', 1)
    await writeFile(place('text'), 'a text')
    await mkdir(place('folder'))
    await symlink(place('nowhere'), place('dangling'))
    await symlink(place('text'), place('link'))
    await writeFile(place('noted.db.json'), 'a note')
    let steps = 0
    const options = { progress: () => void steps++ }
    for (const name of ['open.db', 'text', 'folder', 'dangling', 'link', 'noted.db', 'app.db']) {
      await refuses(() => adapter.backup(place(name), options), { code: 'FILE_EXISTS', says: [name] })
    }
    assert.equal(steps, 0)
    assert.equal(await readFile(place('text'), 'utf8'), 'a text')
    assert.equal(await readFile(place('noted.db.json'), 'utf8'), 'a note')
    assert.equal(await open.cache.get('mine'), 1)
    assert.deepEqual(
      besideDatabase(world).filter((name) => !name.startsWith('open.db')),
      ['dangling', 'folder', 'link', 'noted.db.json', 'text'],
    )
  })

  check.once('of two backups to one name, one is made and the other refused', async (world) => {
    const adapter = await world.openMade()
    await fill(adapter, ENTRIES)
    const results = await Promise.allSettled([adapter.backup(target(world)), adapter.backup(target(world))])
    const codes = results.map((result) => (result.status === 'fulfilled' ? 'made' : result.reason.code))
    assert.deepEqual(codes.sort(), ['FILE_EXISTS', 'made'])
    assert.deepEqual(besideDatabase(world), ['copy.db', 'copy.db.json'])
  })

  check('an abort settles at once with its reason and leaves nothing, wherever the copy is', async (world) => {
    const adapter = await world.openMade()
    await fill(adapter, ENTRIES)
    const reason = new Error('enough')
    await assert.rejects(adapter.backup(target(world), { signal: AbortSignal.abort(reason) }), reason)
    // The part that is copied when the abort comes: 0 is the start of the copy, 1 is its verification.
    const point = fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true }))
    await forAll(point, ABORTS, async (part) => {
      const controller = new AbortController()
      const progress = ({ remainingPages, totalPages }: CopyProgressUnderTest): void => {
        if (1 - remainingPages / totalPages >= part) controller.abort(reason)
      }
      const options = { ...SLOWLY, signal: controller.signal, progress }
      await assert.rejects(adapter.backup(target(world), options), reason)
      assert.deepEqual(besideDatabase(world), [])
    })
    // An engine that cannot be stopped keeps copying into a file that was already unlinked.
    await eventually('nothing is left', () => besideDatabase(world).length === 0)
    await adapter.backup(target(world))
  })

  check.once('a source that is deleted or replaced during a backup gives none', async (world) => {
    for (const replace of [async () => undefined, () => writeFile(world.path, '')]) {
      const adapter = await world.openMade()
      await fill(adapter, ENTRIES)
      let moved: Promise<unknown> | undefined
      const move = async (): Promise<void> => {
        await rename(world.path, `${world.path}.moved`)
        await replace()
      }
      const backup = adapter.backup(target(world), {
        ...SLOWLY,
        progress: () => {
          moved ??= move()
        },
      })
      await refuses(() => backup, { code: 'FILE_REPLACED', says: ['app.db'] })
      await moved
      assert.deepEqual(besideDatabase(world), ['app.db.moved'])
      await adapter.disconnect()
      for (const name of await readdir(world.folder)) await rm(join(world.folder, name))
    }
  })

  check.once('a source that was deleted or replaced just before a backup gives none', async (world) => {
    const another = join(world.folder, 'another.db')
    const adapter = await world.openMade({ clock: world.clock })
    await adapter.cache.set('k', 1)
    await adapter.backup(another)
    const moved = `${world.path}.moved`
    const replacements = [
      () => rename(world.path, moved),
      // The -wal and -shm of the previous file stay beside the new one.
      () => copyFile(another, world.path),
      () => rm(world.path),
    ]
    for (const replace of replacements) {
      await replace()
      await refuses(() => adapter.backup(target(world)), { code: 'FILE_REPLACED', says: ['app.db', 'replaced'] })
      assert.ok(!besideDatabase(world).some((name) => name.includes('copy')))
    }
    await rename(moved, world.path)
    await adapter.backup(target(world))
  })

  check.once('a file that was opened through a symbolic link is the file that is copied', async (world) => {
    const adapter = await world.openMade()
    await adapter.cache.set('k', 1)
    await symlink(world.path, join(world.folder, 'link.db'))
    const linked = await world.open({}, join(world.folder, 'link.db'))
    await linked.backup(target(world))
    assert.equal(await inCopy(world, target(world), ({ cache }) => cache.get('k')), 1)
  })

  check.oncePerBuild('a database in memory is copied too', async (world) => {
    const adapter = await world.open({}, ':memory:')
    await fill(adapter, 100)
    await adapter.backup(target(world))
    await world.engine.verifyBackup(target(world))
    assert.equal((await inCopy(world, target(world), ({ cache }) => cache.keys('entry-*'))).length, 100)
  })

  check.oncePerBuild('a file in a rollback journal mode is refused, because its writers would wait', async (world) => {
    const adapter = await world.adapter()
    await world.engine.rows(await world.handle(), 'PRAGMA journal_mode = DELETE')
    await refuses(() => adapter.backup(target(world)), { code: 'WAL_NEEDED', says: ['delete', 'VACUUM INTO'] })
    assert.deepEqual(besideDatabase(world), [])
  })

  check.once('a WAL that grows beyond maxWalBytes ends the backup', async (world) => {
    const adapter = await world.openMade()
    await fill(adapter, ENTRIES)
    const writing = new Writing(adapter)
    const options = { ...SLOWLY, maxWalBytes: 100_000 }
    await refuses(() => adapter.backup(target(world), options), {
      code: 'LOG_TOO_LARGE',
      says: ['maxWalBytes', '100000'],
    })
    await writing.stop()
    assert.deepEqual(besideDatabase(world), [])
  })

  check('maxBytesPerSecond limits the copy', async (world) => {
    const adapter = await world.openMade()
    await fill(adapter, ENTRIES)
    const { bytes, milliseconds } = await adapter.backup(target(world), { maxBytesPerSecond: 10_000_000 })
    // Not paced: the last step, and what an engine copies before it can be paused.
    assert.ok(milliseconds > (bytes / 10_000_000) * 1_000 * 0.5, `${bytes} bytes in ${milliseconds} ms`)
  })
})
