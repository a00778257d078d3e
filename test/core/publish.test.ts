import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs'
import files, { type FileHandle } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { hashAndFlush } from '../../packages/shared/src/dialects/sqlite/copies/hash-file.js'
import { keepFile } from '../../packages/shared/src/dialects/sqlite/copies/keep-file.js'
import { flushFolder, publish, whereSupported } from '../../packages/shared/src/dialects/sqlite/copies/publish.js'
import { replaceFile } from '../../packages/shared/src/dialects/sqlite/copies/replace-file.js'
import { lockTarget } from '../../packages/shared/src/dialects/sqlite/copies/restore-lock.js'
import { TemporaryFile } from '../../packages/shared/src/dialects/sqlite/copies/temporary-file.js'
import type { JobContext } from '../../packages/shared/src/dialects/sqlite/thread/run-job.js'
import { StopFlag } from '../../packages/shared/src/dialects/sqlite/thread/stop-flag.js'
import { insteadOfFlush } from '../harness/instead-of-flush.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'publish-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('where the file system has no hard links', () => {
  const noLinks = async (): Promise<never> => {
    throw Object.assign(new Error('operation not permitted'), { code: 'EPERM' })
  }

  test('a file gets its name by reserving it, and never one that exists', async () => {
    const [temporary, path] = [join(folder, 'temporary'), join(folder, 'copy.db')]
    writeFileSync(temporary, 'whole', { mode: 0o600 })
    await publish(temporary, path, 'backup', noLinks)
    expect(readFileSync(path, 'utf8')).toBe('whole')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    writeFileSync(temporary, 'another')
    await expect(publish(temporary, path, 'backup', noLinks)).rejects.toMatchObject({ code: 'FILE_EXISTS' })
    expect(readFileSync(path, 'utf8')).toBe('whole')
    expect(readdirSync(folder).sort()).toEqual(['copy.db', 'temporary'])
  })

  test('a missing file leaves nothing under the name', async () => {
    const [temporary, path] = [join(folder, 'temporary'), join(folder, 'copy.db')]
    await expect(publish(temporary, path, 'backup', noLinks)).rejects.toMatchObject({ code: 'ENOENT' })
    expect(readdirSync(folder)).toEqual([])
  })

  test('a reserved name is released, but not one that another has taken since', async () => {
    const [temporary, path] = [join(folder, 'temporary'), join(folder, 'copy.db.json')]
    writeFileSync(temporary, 'note')
    const unpublish = await publish(temporary, path, 'backup', noLinks)
    await unpublish()
    expect(readdirSync(folder)).toEqual([])
    writeFileSync(temporary, 'note')
    const late = await publish(temporary, path, 'backup', noLinks)
    writeFileSync(join(folder, 'theirs'), 'theirs')
    renameSync(join(folder, 'theirs'), path)
    await late()
    expect(readFileSync(path, 'utf8')).toBe('theirs')
  })

  test('a file is kept as a copy with its mode, under an unused name', async () => {
    const file = join(folder, 'app.db')
    writeFileSync(file, 'old')
    chmodSync(file, 0o640)
    const first = await keepFile(file, 0, noLinks)
    writeFileSync(file, 'new')
    const second = await keepFile(file, 0, noLinks)
    expect([first, second].map((path) => readFileSync(path, 'utf8'))).toEqual(['old', 'new'])
    expect(second).toBe(`${first}-2`)
    expect(statSync(first).mode & 0o777).toBe(0o640)
    rmSync(file)
    await expect(keepFile(file, 0, noLinks)).rejects.toMatchObject({ code: 'IO_ERROR' })
    expect(readdirSync(folder)).toHaveLength(2)
  })

  test('a copy that is kept is on the disk before the old file may lose its name', async () => {
    const file = join(folder, 'app.db')
    writeFileSync(file, 'old')
    const flushed: Stats[] = []
    const flush = async (handle: FileHandle): Promise<void> => void flushed.push(await handle.stat())
    await insteadOfFlush(flush, async () => {
      const kept = await keepFile(file, 0, noLinks)
      expect(flushed).toMatchObject([{ ino: statSync(kept).ino, size: 3 }])
    })
  })

  test('of two restores of one file one succeeds', async () => {
    const target = join(folder, 'app.db')
    const lock = await lockTarget(target, noLinks)
    await expect(lockTarget(target, noLinks)).rejects.toMatchObject({ code: 'FILE_IN_USE' })
    await lock.release()
    await (await lockTarget(target, noLinks)).release()
    expect(readdirSync(folder)).toEqual([])
  })
})

test('a file that cannot be looked at afterwards has its name, and loses it again', async () => {
  const [temporary, path] = [join(folder, 'temporary'), join(folder, 'copy.db')]
  writeFileSync(temporary, 'whole')
  const away = `${folder}-away`
  const unpublish = await publish(temporary, path, 'backup', async (from, to) => {
    linkSync(from, to)
    // A folder that is gone cannot be looked into.
    renameSync(folder, away)
  })
  renameSync(away, folder)
  expect(readFileSync(path, 'utf8')).toBe('whole')
  await unpublish()
  expect(readdirSync(folder)).toEqual(['temporary'])
})

// A folder cannot be renamed over a file, nor any file over a mount point, such as a file that is mounted into a container.
test('a file that cannot be replaced keeps its place and its log, and no second name', async () => {
  const [temporary, target] = [join(folder, 'temporary'), join(folder, 'app.db')]
  mkdirSync(temporary)
  writeFileSync(target, 'damaged')
  writeFileSync(`${target}-wal`, 'log')
  // No engine opens a damaged file.
  const replaced = replaceFile(
    { temporary, target, now: 0 },
    { stop: new StopFlag() } as JobContext,
    async () => undefined,
  )
  await expect(replaced).rejects.toMatchObject({ syscall: 'rename' })
  rmSync(temporary, { recursive: true })
  expect(readdirSync(folder).sort()).toEqual(['app.db', 'app.db-wal'])
  expect([target, `${target}-wal`].map((path) => readFileSync(path, 'utf8'))).toEqual(['damaged', 'log'])
})

test('a folder that its file system cannot flush is left, and a failing disk is an error', async () => {
  const flushed = (code: string) => whereSupported(Promise.reject(Object.assign(new Error(code), { code })))
  for (const code of ['EINVAL', 'ENOTSUP']) await flushed(code)
  await expect(flushed('EIO')).rejects.toMatchObject({ code: 'EIO' })
})

test('a copy that was hashed is on the disk, or the disk has failed', async () => {
  const path = join(folder, 'copy.db')
  writeFileSync(path, 'whole')
  let flushed = 0
  const flush = async (): Promise<void> => {
    await new Promise(setImmediate)
    flushed++
  }
  await insteadOfFlush(flush, async () => {
    expect(await hashAndFlush(path, new StopFlag())).toMatchObject({ bytes: 5 })
    expect(flushed).toBe(1)
  })
  const failing = (): Promise<void> => Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO' }))
  await insteadOfFlush(failing, async () => {
    await expect(hashAndFlush(path, new StopFlag())).rejects.toMatchObject({ code: 'EIO' })
  })
})

// In this order, a process that dies in between leaves no backup without a manifest.
test('a backup whose name cannot be flushed loses it, and then its manifest', async () => {
  await using adapter = await SQLiteAdapter.open(join(folder, 'app.db'))
  let flushes = 0
  // Of the manifest, of its name, and of that of the backup.
  const flush = async (): Promise<void> => {
    if (++flushes === 3) throw Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'fsync' })
  }
  const rm = vi.spyOn(files, 'rm')
  syncBuiltinESMExports()
  try {
    await insteadOfFlush(flush, async () => {
      await expect(adapter.backup(join(folder, 'copy.db'))).rejects.toMatchObject({ code: 'IO_ERROR' })
    })
    const removed = rm.mock.calls.map(([path]) => basename(String(path)))
    expect(removed.filter((name) => name.startsWith('copy.db'))).toEqual(['copy.db', 'copy.db.json'])
    expect(readdirSync(folder).filter((name) => !name.startsWith('app.db'))).toEqual([])
  } finally {
    rm.mockRestore()
    syncBuiltinESMExports()
  }
})

// As on Windows while an engine has it open.
test('a temporary file that cannot be removed hides no result and no error', async () => {
  const file = await TemporaryFile.beside(join(folder, 'copy.db'))
  rmSync(file.path)
  mkdirSync(file.path)
  await file.remove()
  expect(readdirSync(folder)).toHaveLength(1)
  rmSync(file.path, { recursive: true })
})

// That of /proc answers EINVAL, as VirtualBox's shared folders do.
test.runIf(process.platform === 'linux')('a folder that the file system cannot flush is no failing disk', async () => {
  await flushFolder('/proc/self/status')
  await expect(flushFolder(join(folder, 'missing', 'copy.db'))).rejects.toMatchObject({ code: 'ENOENT' })
})
