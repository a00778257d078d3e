import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { proveCell } from '../cells/prove-cell.js'
import { contend, overtaken } from '../proof/fencing/contend.js'
import { printedSeed } from '../proof/printed-seed.js'
import { newPlace } from '../proof/process/new-place.js'
import { proofCount } from '../proof/proof-count.js'
import { reportProof } from '../proof/report-proof.js'
import { seededRandom } from '../proof/seeded-random.mjs'

proveCell()

describe('a lock whose holders are stopped past its lease and killed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'unfenced-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('without the fence stale holders do overwrite, so the test with it sees them', async () => {
    const grants = proofCount({ inTests: 100, inSoak: 300 })
    const random = seededRandom(printedSeed('stopped and killed holders without a fence'))
    // One that is stopped and one that overtakes it are enough to see.
    const found = await contend(newPlace(folder, 'unfenced'), 'unfenced', { processes: 2, grants }, random)
    expect(overtaken(found.journal)).toBeGreaterThan(0)
    reportProof({
      proof: 'lock holders stopped past their lease and killed, without the fence (control)',
      file: 'test/models/unfenced-locks.test.ts',
      runs: `${found.granted.length} grants, ${found.pauses} pauses, ${found.kills} kills`,
      result: `${overtaken(found.journal)} stale writes, as there must be`,
    })
  }, 300_000)
})
