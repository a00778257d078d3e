import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withProcesses } from '@go-go-scope/persistence-conformance/process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { onSmallDisk } from '../proof/disk-faults/on-small-disk.js'
import { otherMember, thisMember } from '../proof/process/members.js'
import { ProofProcess } from '../proof/process/proof-process.js'
import { proofCount } from '../proof/proof-count.js'

proveCell()

const COPIER = new URL('../proof/copies/copier.mjs', import.meta.url)

describe('copies and other processes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'copies-processes-'))
  const copier = (member = thisMember) => new ProofProcess(member, COPIER, [folder])
  /** One process of each kind of runtime. */
  const both = [copier(), copier(otherMember)] as const
  afterAll(async () => {
    await Promise.all(both.map((one) => one.kill()))
    rmSync(folder, { recursive: true, force: true })
  })

  beforeAll(async () => {
    await Promise.all(both.map((one) => one.ready()))
    const adapter = await engine.SQLiteAdapter.open(join(folder, 'app.db'))
    await adapter.cache.setMany(Array.from({ length: 10 }, (_, at) => [`entry-${at}`, 'x'.repeat(100_000)]))
    await adapter.backup(join(folder, 'kept.db'))
    await adapter.disconnect()
  })

  test('of two processes that back up to one name, or restore one file, one succeeds', async () => {
    const backups = await Promise.all(both.map((one) => one.ask<string>('backup shared.db 20')))
    expect(backups.toSorted()).toEqual(['FILE_EXISTS', 'done'])
    await engine.verifyBackup(join(folder, 'shared.db'))
    await Promise.all(both.map((one) => one.ask('disconnect')))
    const restores = await Promise.all(both.map((one) => one.ask<string>('restore kept.db raced.db')))
    // The second restore may also start after the first one, and then keeps the file of the first.
    expect([
      ['FILE_EXISTS', 'done'],
      ['FILE_IN_USE', 'done'],
      ['done', 'done'],
    ]).toContainEqual(restores.toSorted())
    expect(readdirSync(folder).filter((name) => /^raced\.db\.(?!before)/.test(name))).toEqual([])
  }, 120_000)

  test('a handle that has read nothing is not detected, and an adapter on it is refused its writes', async () => {
    const target = join(folder, 'unread.db')
    const [holder] = both
    await engine.restore(join(folder, 'kept.db'), target)
    await holder.ask('open unread.db')
    expect((await engine.restore(join(folder, 'kept.db'), target)).kept).toBeDefined()
    // One engine reports both cases with the same error.
    expect(['FILE_REPLACED', 'READ_ONLY']).toContain(await holder.ask('write'))
  }, 60_000)

  // The last test, because a holder closes the file only when it ends: some engines keep a file open beyond its handle.
  test('a file is not replaced while another process has it open, also idle, on any engine', async () => {
    const target = join(folder, 'held.db')
    await engine.restore(join(folder, 'kept.db'), target)
    await (await engine.SQLiteAdapter.open(target)).disconnect()
    for (const holder of both) {
      await holder.ask('open held.db')
      expect(await holder.ask('read')).toBeGreaterThan(0)
      await expect(engine.restore(join(folder, 'kept.db'), target)).rejects.toMatchObject({ code: 'FILE_IN_USE' })
      await holder.kill()
    }
    expect((await engine.restore(join(folder, 'kept.db'), target)).kept).toBeDefined()
  }, 120_000)

  test('process.exit during a backup ends the process with its own code, and leaves no file under the name', async () => {
    const exits = proofCount({ inTests: 1, inSoak: 20 })
    for (let round = 0; round < exits; round++) {
      const leaver = copier()
      await withProcesses([leaver], async () => {
        await leaver.ready()
        leaver.send(`exit left-${round}.db`)
        expect(await leaver.ended).toEqual({ code: 0, signal: null, stderr: '' })
      })
      const name = join(folder, `left-${round}.db`)
      if (existsSync(name)) await engine.verifyBackup(name)
    }
  }, 600_000)

  test('a disk that is full is a typed error that leaves nothing, before the copy begins or in the middle of it; a backup goes to another disk and back', async () => {
    const place = join(folder, 'small')
    mkdirSync(place)
    const script = new URL('../proof/copies/full-disk.mjs', import.meta.url)
    const found = await onSmallDisk<Record<string, unknown>>(place, script)
    if ('refused' in found) {
      // If the file system cannot be made, the reason must be missing permissions.
      expect(found.refused).toMatch(/not permitted|permission denied|no space left on device|invalid argument/i)
      return
    }
    expect(found).toMatchObject({
      tooLarge: { code: 'DISK_FULL', bytes: [expect.any(Number), expect.any(Number)], left: [] },
      meanwhile: ['DISK_FULL', 'DISK_FULL'],
      left: [],
      after: ['copy.db', 'copy.db.json'],
      still: true,
      across: true,
      locked: 'DISK_FULL',
      last: ['copy.db', 'copy.db.json'],
    })
  }, 120_000)
})
