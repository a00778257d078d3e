import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFile, link, mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { besideDatabase } from '../copied-content.js'
import { contentOf, prepareRestore as prepare } from '../prepared-restore.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'

export const restoreRefusals: EngineSuite = engineSuite('refused restores', (check) => {
  check('the lock of a restore that died is taken over', async (world) => {
    const { backup } = await prepare(world)
    const numbers = await readlink('/proc/self/ns/pid').catch(() => '')
    const host = createHash('sha256').update(`${hostname()} ${numbers}`).digest('hex').slice(0, 8)
    const alive: readonly unknown[] = ['a text', { host: 'another', pid: 99_999_999 }, { host, pid: process.pid }]
    for (const holder of alive) {
      await writeFile(`${world.path}.restoring`, JSON.stringify(holder))
      await refuses(() => world.engine.restore(backup, world.path), { code: 'FILE_IN_USE', says: ['.restoring'] })
    }
    await writeFile(`${world.path}.restoring`, JSON.stringify({ host, pid: 99_999_999 }))
    await world.engine.restore(backup, world.path)
    assert.ok(!besideDatabase(world).some((name) => name.includes('.restoring')))
  })

  check.once('a pipe is refused as a backup and as a manifest, without reading from it', async (world) => {
    const { backup, dump } = await prepare(world)
    const [pipe, bare] = ['pipe.db', 'bare.db'].map((name) => join(world.folder, name)) as [string, string]
    execFileSync('mkfifo', [pipe, `${bare}.json`])
    await copyFile(`${backup}.json`, `${pipe}.json`)
    await copyFile(backup, bare)
    const noFile = { code: 'CANNOT_OPEN', says: ['pipe.db', 'no file'] }
    await refuses(() => world.engine.verifyBackup(pipe), noFile)
    await refuses(() => world.engine.restore(pipe, world.path), noFile)
    const noManifest = { code: 'NOT_A_BACKUP', says: ['bare.db.json', 'no file'] }
    await refuses(() => world.engine.verifyBackup(bare), noManifest)
    await refuses(() => world.engine.restore(bare, world.path), noManifest)
    assert.equal(await world.dump(), dump)
  })

  check.once('a target whose lock file would have too long a name is refused, and leaves nothing', async (world) => {
    const { backup } = await prepare(world)
    const before = await readdir(world.folder)
    const named = (length: number): string => join(world.folder, 'n'.repeat(length))
    await refuses(() => world.engine.restore(backup, named(250)), { code: 'CANNOT_OPEN', says: ['a shorter name'] })
    assert.deepEqual(await readdir(world.folder), before)
    // The longest name that leaves room for the name of the lock file.
    assert.equal((await world.engine.restore(backup, named(245))).kept, undefined)
    const made = await readdir(world.folder)
    assert.equal(made.length, before.length + 1)
    // Too long for the second name that keeps the old file.
    await refuses(() => world.engine.restore(backup, named(245)), { code: 'IO_ERROR', says: ['second name'] })
    assert.deepEqual(await readdir(world.folder), made)
  })

  check('a backup is not restored onto itself', async (world) => {
    const { backup } = await prepare(world)
    await link(backup, join(world.folder, 'by another name.db'))
    for (const target of [backup, join(world.folder, 'by another name.db')]) {
      await refuses(() => world.engine.restore(backup, target), { code: 'INVALID_ARGUMENT', says: [target] })
    }
    await world.engine.verifyBackup(backup)
  })

  check('a backup of a later release is refused', async (world) => {
    const { backup, dump } = await prepare(world)
    const later = join(world.folder, 'later.db')
    await copyFile(backup, later)
    const handle = await world.engine.openHandle(later)
    await world.engine.rows(handle, "UPDATE go_goscope_meta SET value = '999' WHERE key = 'schema_version'")
    await world.engine.closeHandle(handle)
    await refuses(() => world.engine.restore(later, world.path, { allowUnverified: true }), {
      code: 'SCHEMA_NEWER',
      says: ['999'],
    })
    assert.equal(await world.dump(), dump)
  })

  check(
    'a corrupt backup is refused though its hash is right; one without a manifest is restored where allowed',
    async (world) => {
      const { backup, dump } = await prepare(world)
      const bytes = await readFile(backup)
      const unsound = join(world.folder, 'unsound.db')
      // The first page is intact, so the file opens.
      const damaged = Buffer.from(bytes).fill(0xff, 4_096, 4_196)
      const manifest = JSON.parse(await readFile(`${backup}.json`, 'utf8'))
      const sha256 = createHash('sha256').update(damaged).digest('hex')
      await writeFile(unsound, damaged)
      const refused = { code: 'BACKUP_DAMAGED', says: ['unsound.db', 'integrity_check'] }
      await refuses(() => world.engine.restore(unsound, world.path, { allowUnverified: true }), refused)
      await writeFile(`${unsound}.json`, JSON.stringify({ ...manifest, sha256 }))
      await refuses(() => world.engine.verifyBackup(unsound), refused)
      await refuses(() => world.engine.restore(unsound, world.path), refused)
      assert.equal(await world.dump(), dump)

      await world.closeRaw()
      const bare = join(world.folder, 'bare.db')
      await writeFile(bare, bytes)
      await refuses(() => world.engine.restore(bare, world.path), {
        code: 'NOT_A_BACKUP',
        says: ['bare.db', 'manifest', 'allowUnverified: true'],
      })
      const restored = await world.engine.restore(bare, world.path, { allowUnverified: true })
      assert.equal(restored.backup, undefined)
      assert.deepEqual(await contentOf(world, world.path), [1, null])
    },
  )

  check('a database without a manifest is refused if a part is missing', async (world) => {
    const { backup, dump } = await prepare(world)
    const unverified = { allowUnverified: true }
    const bare = join(world.folder, 'bare.db')
    const foreign = join(world.folder, 'foreign.db')
    const handle = await world.engine.openHandle(foreign)
    await world.engine.rows(handle, 'CREATE TABLE of_the_app (x)')
    await world.engine.closeHandle(handle)
    for (const content of [Buffer.alloc(0), await readFile(foreign)]) {
      await writeFile(bare, content)
      const refused = { code: 'NOT_A_BACKUP', says: ['bare.db', 'no table'] } as const
      await refuses(() => world.engine.restore(bare, world.path, unverified), refused)
    }
    await writeFile(bare, await readFile(backup))
    for (const suffix of ['-wal', '-journal']) {
      await writeFile(bare + suffix, 'what was written last')
      await refuses(() => world.engine.restore(bare, world.path, unverified), {
        code: 'BACKUP_DAMAGED',
        says: [`bare.db${suffix}`, 'disconnect'],
      })
      await rm(bare + suffix)
    }
    assert.equal(await world.dump(), dump)
  })

  check('no file is created under a name that SQLite takes for a part of another database', async (world) => {
    const { backup } = await prepare(world)
    const adapter = await world.open()
    for (const suffix of ['-wal', '-shm', '-journal', '-WAL']) {
      const path = join(world.folder, `other.db${suffix}`)
      const refused = { code: 'INVALID_ARGUMENT', says: [suffix, 'choose another name'] } as const
      await refuses(() => adapter.backup(path), refused)
      await refuses(() => world.engine.restore(backup, path), refused)
      await refuses(() => world.follow({ target: path }), refused)
    }
  })

  check('a target that is not a file of its own is refused', async (world) => {
    const { backup } = await prepare(world)
    const place = (name: string): string => join(world.folder, name)
    await mkdir(place('folder'))
    await symlink(world.path, place('link'))
    await symlink(place('nowhere'), place('dangling'))
    for (const name of ['folder', 'link', 'dangling']) {
      await refuses(() => world.engine.restore(backup, place(name)), { code: 'CANNOT_OPEN', says: [name] })
    }
    await refuses(() => world.engine.restore(backup, join(world.folder, 'missing', 'app.db')), {
      code: 'CANNOT_OPEN',
      says: ['missing'],
    })
    await writeFile(place('fresh.db-wal'), 'a log of something else')
    await refuses(() => world.engine.restore(backup, place('fresh.db')), {
      code: 'FILE_EXISTS',
      says: ['fresh.db-wal'],
    })
    // Also instead of the lock file: the restore must not retry forever.
    await symlink(place('nowhere'), place('guarded.db.restoring'))
    await refuses(() => world.engine.restore(backup, place('guarded.db')), {
      code: 'FILE_IN_USE',
      says: ['guarded.db.restoring'],
    })
    assert.ok(!besideDatabase(world).includes('nowhere'), 'something was written through a link')
    const { kept } = await world.engine.restore(backup, place('new.db'))
    assert.equal(kept, undefined)
    assert.ok(!besideDatabase(world).some((name) => name.startsWith('.go-goscope')))
    assert.deepEqual(await contentOf(world, place('new.db')), [1, null])
  })

  check('an abort before the file is replaced leaves everything as it was', async (world) => {
    const { backup, dump } = await prepare(world)
    const reason = new Error('enough')
    await assert.rejects(world.engine.restore(backup, world.path, { signal: AbortSignal.abort(reason) }), reason)
    await assert.rejects(world.engine.verifyBackup(backup, { signal: AbortSignal.abort(reason) }), reason)
    const controller = new AbortController()
    const restore = world.engine.restore(backup, world.path, { signal: controller.signal })
    controller.abort(reason)
    await assert.rejects(restore, reason)
    assert.equal(await world.dump(), dump)
  })

  check('invalid options are refused by name', async (world) => {
    const { engine } = world
    const wrong = (options: object): never => options as never
    await refuses(() => engine.restore('a', 'b', wrong({ force: true })), { code: 'INVALID_ARGUMENT', says: ['force'] })
    await refuses(() => engine.restore('a', 'b', wrong({ allowUnverified: 1 })), {
      code: 'INVALID_ARGUMENT',
      says: ['allowUnverified'],
    })
    await refuses(() => engine.verifyBackup('a', wrong({ worker: 1 })), { code: 'INVALID_ARGUMENT', says: ['worker'] })
    await refuses(() => engine.verifyBackup('a', wrong({ signal: 1 })), { code: 'INVALID_ARGUMENT', says: ['signal'] })
    await refuses(() => engine.restore('a', ':memory:'), { code: 'INVALID_ARGUMENT', says: ['target must'] })
    await refuses(() => engine.restore(':memory:', 'a'), { code: 'INVALID_ARGUMENT', says: ['backup must'] })
    await refuses(() => engine.verifyBackup('missing.db'), { code: 'NOT_A_BACKUP', says: ['missing.db'] })
  })
})
