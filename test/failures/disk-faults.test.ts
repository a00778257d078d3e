import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withProcesses } from '@go-go-scope/persistence-conformance/process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { proveCell } from '../cells/prove-cell.js'
import { compileLibrary } from '../proof/compile-library.js'
import { onSmallDisk } from '../proof/disk-faults/on-small-disk.js'
import { verifyFile } from '../proof/disk-faults/verify-file.js'
import { printedSeed } from '../proof/printed-seed.js'
import { thisMember } from '../proof/process/members.js'
import { ProofProcess } from '../proof/process/proof-process.js'
import { proofCount } from '../proof/proof-count.js'
import { reportProof } from '../proof/report-proof.js'
import { seededRandom } from '../proof/seeded-random.mjs'

proveCell()

interface Point {
  acknowledged: string[]
  codes: unknown[]
  /** The number of failed calls of the file system. */
  failed: number
}

// The codes for a failing disk. Never CORRUPT, NOT_A_DATABASE or an error without a code.
const CODES = ['IO_ERROR', 'DISK_FULL', 'CANNOT_OPEN']

describe('a disk that fails', () => {
  const folder = mkdtempSync(join(tmpdir(), 'disk-faults-'))
  const random = seededRandom(printedSeed('disk faults'))
  const points = proofCount({ inTests: 10, inSoak: 60 })
  let library = ''

  beforeAll(async () => {
    library = await compileLibrary(new URL('../proof/disk-faults/faults.c', import.meta.url))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  for (const [title, kind, errno, code, lastCall] of [
    ['writes fail with EIO', 'w', 5, 'IO_ERROR', 60],
    ['writes fail with ENOSPC', 'w', 28, 'DISK_FULL', 60],
    ['flushes fail with EIO', 's', 5, 'IO_ERROR', 10],
  ] as const) {
    test(`${title}: what was acknowledged stays, the errors are typed, and the adapter recovers`, async () => {
      const place = join(folder, `${kind}-${errno}`)
      mkdirSync(place)
      const env = { LD_PRELOAD: library, FAULTS_FOLDER: `${place}/` }
      const script = new URL('../proof/disk-faults/subject.mjs', import.meta.url)
      const subject = new ProofProcess(thisMember, script, [place], env)
      const found: Point[] = []
      await withProcesses([subject], async () => {
        await subject.next()
        for (let point = 0; point < points; point++) {
          // The calls that open the file and write first. Each fails once if there are enough points.
          const at = 1 + (points >= lastCall ? point % lastCall : Math.floor(random() * lastCall))
          const calls = random() < 0.5 ? 1 : 1 + Math.floor(random() * 20)
          found.push(await subject.ask<Point>(`point ${kind} ${errno} ${at} ${calls}`))
        }
        expect(await subject.dismiss()).toEqual({ code: 0, signal: null, stderr: '' })
      })
      const codes = found.flatMap((point) => point.codes)
      expect(codes.filter((one) => !CODES.includes(one as string))).toEqual([])
      expect(codes).toContain(code)
      const acknowledged = found.flatMap((point) => point.acknowledged)
      await verifyFile(join(place, 'app.db'), acknowledged)
      const failed = found.reduce((sum, point) => sum + point.failed, 0)
      reportProof({
        proof: `${title}, at every call in turn`,
        file: 'test/failures/disk-faults.test.ts',
        runs: `${points} points, ${failed} failed calls`,
        result: `0 of ${acknowledged.length} acknowledged writes lost, ${codes.length} typed errors`,
      })
    }, 600_000)
  }

  test('a disk that is really full refuses writes and keeps the rest, and works again when space is freed', async () => {
    const place = join(folder, 'small')
    mkdirSync(place)
    const found = await onSmallDisk(place)
    if ('refused' in found) {
      // If the file system cannot be made, the reason must be missing permissions.
      expect(found.refused).toMatch(/not permitted|permission denied|no space left on device|invalid argument/i)
      return
    }
    const { acknowledged, ...rest } = found
    expect(acknowledged).toBeGreaterThan(0)
    expect(rest).toEqual({ code: 'DISK_FULL', lostWhileFull: 0, lost: 0, after: true, integrity: 'ok' })
    reportProof({
      proof: 'a real file system of 512 KiB is filled up',
      file: 'test/failures/disk-faults.test.ts',
      runs: '1 disk',
      result: `0 of ${acknowledged} acknowledged writes lost, DISK_FULL, goes on when space is freed`,
    })
  }, 60_000)
})
