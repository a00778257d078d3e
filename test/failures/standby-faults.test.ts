import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withProcesses } from '@go-go-scope/persistence-conformance/process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
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
  applied: string
  honest: boolean
  after: string | false
  stopped: string
  followed: string
  again: string | false
  taken: string
  has: boolean
}

const EIO = 5
const CALLS = { r: 60, s: 12, w: 40 } as const
// SQLite reports a page that the system could not read as damage.
const CODES = ['done', 'IO_ERROR', 'CANNOT_OPEN', 'BUSY', 'CORRUPT']

describe('a disk that fails once under a standby', () => {
  const folder = mkdtempSync(join(tmpdir(), 'standby-faults-'))
  const random = seededRandom(printedSeed('standby on a failing disk'))
  let library = ''
  beforeAll(async () => {
    library = await compileLibrary(new URL('../proof/disk-faults/faults.c', import.meta.url))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('ends no standby: it waits, says so, follows on with every change, and takes over at the next call', async () => {
    const env = { LD_PRELOAD: library, FAULTS_FOLDER: `${folder}/` }
    const script = new URL('../proof/standby/failing-disk.mjs', import.meta.url)
    const subject = new ProofProcess(thisMember, script, [folder], env)
    await withProcesses([subject], async () => {
      await subject.next()
      for (const kind of ['r', 's', 'w'] as const) {
        const points = proofCount({ inTests: 3, inSoak: CALLS[kind] })
        for (let point = 0; point < points; point++) {
          // The first call is made in any case.
          const at = points === CALLS[kind] || point === 0 ? point + 1 : 1 + Math.floor(random() * CALLS[kind])
          const found = await subject.ask<Point>(`point ${kind} ${EIO} ${at}`)
          const what = `call ${at} of kind ${kind}: ${JSON.stringify(found)}`
          if (at === 1) expect(found.failed, what).toBeGreaterThan(0)
          for (const code of [found.applied, found.stopped, found.followed, found.taken]) {
            expect(CODES, what).toContain(code)
          }
          expect(found, what).toMatchObject({ honest: true, after: 'following', again: 'following', has: true })
        }
      }
      expect(await subject.dismiss()).toEqual({ code: 0, signal: null, stderr: '' })
    })
  }, 300_000)
})
