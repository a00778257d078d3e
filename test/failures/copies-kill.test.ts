import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { withProcesses } from '@go-go-scope/persistence-conformance/process'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { printedSeed } from '../proof/printed-seed.js'
import { thisMember } from '../proof/process/members.js'
import { ProofProcess } from '../proof/process/proof-process.js'
import { proofCount } from '../proof/proof-count.js'
import { reportProof } from '../proof/report-proof.js'
import { seededRandom } from '../proof/seeded-random.mjs'

proveCell()

const COPIER = new URL('../proof/copies/copier.mjs', import.meta.url)
const ENTRIES = 20
const BEGINS_WITHIN = { timeout: 60_000, interval: 1 }

describe('kill -9 in the middle of copies', () => {
  const folder = mkdtempSync(join(tmpdir(), 'copies-kill-'))
  const random = seededRandom(printedSeed('kill -9 of copies'))
  const kills = proofCount({ inTests: 1, inSoak: 60 })
  /**
   * ms within which a process is killed while it makes backups and restores: first twice the time that one took on this machine.
   * A round in which none ended doubles it: the machine may be busier than it was, and then a hundred rounds could meet none.
   */
  let [backingUp, restoring] = [0, 0]
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  beforeAll(async () => {
    const adapter = await engine.SQLiteAdapter.open(join(folder, 'app.db'))
    const value = 'x'.repeat(100_000)
    await adapter.cache.setMany(Array.from({ length: ENTRIES }, (_, at) => [`entry-${at}`, value]))
    await adapter.backup(join(folder, 'kept.db'))
    await adapter.disconnect()
    const copier = new ProofProcess(thisMember, COPIER, [folder])
    await withProcesses([copier], async () => {
      await copier.ready()
      backingUp = 2 * (await msOfDone(() => copier.ask('backup measured.db 20')))
      await copier.ask('disconnect')
      restoring = 2 * (await msOfDone(() => copier.ask('restore kept.db target.db')))
    })
  })

  /** Starts work in a process, and kills it within `ms` after its first copy has begun. */
  async function killMidway(order: string, ms: number): Promise<void> {
    const before = filesOf(/\.partial/)
    const copier = new ProofProcess(thisMember, COPIER, [folder])
    await withProcesses([copier], async () => {
      await copier.ready()
      copier.send(order)
      await vi.waitUntil(() => filesOf(/\.partial/).some((name) => !before.includes(name)), BEGINS_WITHIN)
      await pause(random() * ms)
      copier.signal('SIGKILL')
      expect(await copier.ended).toMatchObject({ signal: 'SIGKILL', stderr: '' })
    })
  }

  const filesOf = (pattern: RegExp) => readdirSync(folder).filter((name) => pattern.test(name))

  /** Reads a copy: some engines keep a file open beyond its handle, and then it is not replaced. */
  async function entriesOf(path: string): Promise<number> {
    const copy = `${path}.looked-at`
    for (const suffix of ['', '-wal']) {
      rmSync(copy + suffix, { force: true })
      if (existsSync(path + suffix)) copyFileSync(path + suffix, copy + suffix)
    }
    const handle = await engine.openHandle(copy)
    try {
      const check = await engine.rows(handle, 'PRAGMA integrity_check')
      expect(Object.values(check[0] ?? {})).toEqual(['ok'])
      const [row] = await engine.rows(
        handle,
        "SELECT count(*) AS entries FROM go_goscope_cache WHERE key LIKE 'cache:entry-%'",
      )
      return Number(row?.entries)
    } finally {
      await engine.closeHandle(handle)
    }
  }

  test('of a backup: a named backup is complete, and leftovers are removed by the next one', async () => {
    let whole = 0
    let left = 0
    let round = 0
    // Without backups and leftovers, nothing would be known of them.
    for (; round < kills || whole === 0 || left === 0; round++) {
      await killMidway(`backups round-${round}`, backingUp)
      for (const name of filesOf(/^round-.*\.db$/)) {
        await engine.verifyBackup(join(folder, name))
        whole++
        rmSync(join(folder, name))
        rmSync(join(folder, `${name}.json`))
      }
      left += filesOf(/\.partial/).length
      if (whole === 0) backingUp *= 2
    }
    const adapter = await engine.SQLiteAdapter.open(join(folder, 'app.db'))
    await adapter.backup(join(folder, 'last.db'))
    await adapter.disconnect()
    expect(filesOf(/\.partial/)).toEqual([])
    expect(await entriesOf(join(folder, 'app.db'))).toBe(ENTRIES)
    reportProof({
      proof: 'kill -9 in the middle of backups',
      file: 'test/failures/copies-kill.test.ts',
      runs: `${round} kills`,
      result: `${whole} backups under their names, all whole; ${left} leftovers, all swept`,
    })
  }, 1_800_000)

  test('of a restore: the old or the new file exists, and each old file is kept', async () => {
    const target = join(folder, 'target.db')
    let kept = 0
    let round = 0
    for (; round < kills || kept === 0; round++) {
      await killMidway('restores kept.db', restoring)
      expect(existsSync(target), 'there is neither the old file nor the new one').toBe(true)
      expect(await entriesOf(target)).toBe(ENTRIES)
      for (const name of filesOf(/^target\.db\.before-[\dTZ.]+(-\d+)?$/)) {
        expect(await entriesOf(join(folder, name))).toBe(ENTRIES)
        kept++
        rmSync(join(folder, name))
      }
      if (kept === 0) restoring *= 2
    }
    await engine.restore(join(folder, 'kept.db'), target)
    expect(filesOf(/\.partial|\.restoring$/)).toEqual([])
    reportProof({
      proof: 'kill -9 in the middle of restores',
      file: 'test/failures/copies-kill.test.ts',
      runs: `${round} kills`,
      result: `never neither file; ${kept} old ones kept, all whole`,
    })
  }, 1_800_000)
})

/** Returns the ms that `work` takes, which must succeed. */
async function msOfDone(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  expect(await work()).toBe('done')
  return performance.now() - begun
}
