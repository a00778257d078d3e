import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withProcesses } from '@go-go-scope/persistence-conformance/process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { compileLibrary } from '../proof/compile-library.js'
import { thisMember } from '../proof/process/members.js'
import { ProofProcess } from '../proof/process/proof-process.js'

proveCell()

const COPIER = new URL('../proof/copies/copier.mjs', import.meta.url)
const ENTRIES = 10

/** Once for all engines, because the core names the files. */
describe('copies and file systems', () => {
  const folder = mkdtempSync(join(tmpdir(), 'copies-without-links-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  beforeAll(async () => {
    const adapter = await engine.SQLiteAdapter.open(join(folder, 'app.db'))
    await adapter.cache.setMany(Array.from({ length: ENTRIES }, (_, at) => [`entry-${at}`, 'x'.repeat(100_000)]))
    await adapter.disconnect()
  })

  test('without hard links no file is overwritten either, and a replaced file is kept', async () => {
    const library = await compileLibrary(new URL('../proof/copies/no-links.c', import.meta.url))
    const both = [1, 2].map(() => new ProofProcess(thisMember, COPIER, [folder], { LD_PRELOAD: library }))
    await withProcesses(both, async () => {
      await Promise.all(both.map((one) => one.ready()))
      const backups = await Promise.all(both.map((one) => one.ask<string>('backup unlinked.db 20')))
      expect(backups.toSorted()).toEqual(['FILE_EXISTS', 'done'])
      const [one] = both
      await one?.ask('disconnect')
      for (let times = 0; times < 3; times++)
        expect(await one?.ask('restore unlinked.db unlinked-target.db')).toBe('done')
    })
    await engine.verifyBackup(join(folder, 'unlinked.db'))
    const kept = readdirSync(folder).filter((name) => name.startsWith('unlinked-target.db.before'))
    expect(kept).toHaveLength(2)
    for (const name of ['unlinked-target.db', ...kept]) {
      const adapter = await engine.SQLiteAdapter.open(join(folder, name))
      expect(await adapter.cache.keys('entry-*')).toHaveLength(ENTRIES)
      await adapter.disconnect()
    }
    expect(readdirSync(folder).filter((name) => /^unlinked-target.*restoring/.test(name))).toEqual([])
  }, 60_000)

  test('an empty file is replaced by a restore, and kept', async () => {
    const [backup, target] = [join(folder, 'whole.db'), join(folder, 'empty.db')]
    const adapter = await engine.SQLiteAdapter.open(join(folder, 'app.db'))
    await adapter.backup(backup)
    await adapter.disconnect()
    writeFileSync(target, '')
    const { kept = '' } = await engine.restore(backup, target)
    expect(statSync(kept).size).toBe(0)
    expect(readdirSync(folder).filter((name) => name.startsWith('empty.db'))).toHaveLength(2)
    const restored = await engine.SQLiteAdapter.open(target)
    expect(await restored.cache.keys('entry-*')).toHaveLength(ENTRIES)
    await restored.disconnect()
  })

  test('a backup may go to another file system, and a restore into one', async () => {
    const { dev } = statSync(folder)
    // Files of tests are in memory if Linux has room, and otherwise, or in a soak, on the disk.
    const other = ['/dev/shm', '/var/tmp', process.cwd()].find(
      (place) => existsSync(place) && statSync(place).dev !== dev,
    )
    if (process.platform === 'linux') expect(other, 'there is one file system alone').toBeDefined()
    if (other === undefined) return
    const place = mkdtempSync(join(other, 'copies-elsewhere-'))
    try {
      const [here, there] = [join(folder, 'here.db'), join(place, 'there.db')]
      const adapter = await engine.SQLiteAdapter.open(join(folder, 'app.db'))
      await adapter.backup(here)
      await adapter.backup(there)
      await adapter.disconnect()
      const target = join(place, 'app.db')
      expect((await engine.restore(here, target)).kept).toBeUndefined()
      expect((await engine.restore(there, target)).kept).toBeDefined()
    } finally {
      rmSync(place, { recursive: true })
    }
  }, 60_000)
})
