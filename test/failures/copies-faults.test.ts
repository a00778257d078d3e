import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withProcesses } from '@go-go-scope/persistence-conformance/process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cell } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { compileLibrary } from '../proof/compile-library.js'
import { printedSeed } from '../proof/printed-seed.js'
import { thisMember } from '../proof/process/members.js'
import { ProofProcess } from '../proof/process/proof-process.js'
import { proofCount } from '../proof/proof-count.js'
import { seededRandom } from '../proof/seeded-random.mjs'

proveCell()

interface Point {
  /** The number of failed calls of the file system. */
  failed: number
  backup: string
  left: string[]
  restore: string
  /** Whether the error of the restore says that the file is restored. */
  told: boolean
  beside: string[]
  generation: string
  again: string
  source: string
}

const EIO = 5
const CALLS = { r: 40, s: 12, w: 40 } as const
// Our own code decides what is flushed, so each flush of a runtime fails on one engine, and some of them on the others.
const everyFlush = cell.engine === 'node:sqlite' || cell.engine === 'bun:sqlite'
// A page that cannot be read is damage to SQLite.
const CODES = ['done', 'IO_ERROR', 'CANNOT_OPEN', 'CORRUPT', 'BACKUP_DAMAGED', 'NOT_A_BACKUP']

describe('a disk that fails once during a copy', () => {
  const folder = mkdtempSync(join(tmpdir(), 'copies-faults-'))
  const random = seededRandom(printedSeed('copies on a failing disk'))
  let library = ''
  beforeAll(async () => {
    library = await compileLibrary(new URL('../proof/disk-faults/faults.c', import.meta.url))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('is a typed error that leaves no backup and one of the two databases, and the next copy is made', async () => {
    const env = { LD_PRELOAD: library, FAULTS_FOLDER: `${folder}/` }
    const script = new URL('../proof/copies/failing-disk.mjs', import.meta.url)
    const subject = new ProofProcess(thisMember, script, [folder], env)
    await withProcesses([subject], async () => {
      await subject.next()
      for (const kind of ['r', 's', 'w'] as const) {
        const points = proofCount({ inTests: 3, inSoak: CALLS[kind] })
        const every = points === CALLS[kind] || (kind === 's' && everyFlush)
        for (let point = 0, more = true; more; point++) {
          // The first call is made in any case.
          const at = every || point === 0 ? point + 1 : 1 + Math.floor(random() * CALLS[kind])
          const found = await subject.ask<Point>(`point ${kind} ${EIO} ${at}`)
          const { failed, backup, restore, told, generation, ...rest } = found
          const what = `call ${at} of kind ${kind}: ${JSON.stringify(found)}`
          // Of the backup and of the restore.
          if (at === 1) expect(failed, what).toBe(2)
          expect(CODES, what).toContain(backup)
          expect(CODES, what).toContain(restore)
          expect(generation, what).toBe(restore === 'done' || told ? 'new' : 'old')
          const left = backup === 'done' ? ['copy.db', 'copy.db.json'] : []
          expect(rest, what).toMatchObject({ left, beside: [], again: 'done', source: 'done' })
          // Where no flush fails, the last one has failed before.
          more = kind === 's' && everyFlush ? failed > 0 : point + 1 < points
        }
      }
      expect(await subject.dismiss()).toEqual({ code: 0, signal: null, stderr: '' })
    })
  }, 300_000)
})
