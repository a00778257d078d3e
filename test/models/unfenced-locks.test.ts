import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { proveCell } from '../cells/prove-cell.js'
import { type Contention, contend, overtaken } from '../proof/fencing/contend.js'
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
    // Two processes are enough: one is stopped, and one overtakes it. On a loaded machine each stopped holder may already have
    // written, so rounds are repeated until one is overtaken. If none is, the test times out.
    const rounds: Contention[] = []
    const found = (): number => rounds.reduce((sum, { journal }) => sum + overtaken(journal), 0)
    while (found() === 0) {
      rounds.push(await contend(newPlace(folder, 'unfenced'), 'unfenced', { processes: 2, grants }, random))
    }
    const count = (of: (round: Contention) => number): number => rounds.reduce((sum, round) => sum + of(round), 0)
    const granted = count((round) => round.granted.length)
    expect(granted).toBeGreaterThanOrEqual(grants)
    reportProof({
      proof: 'lock holders stopped past their lease and killed, without the fence (control)',
      file: 'test/models/unfenced-locks.test.ts',
      runs: `${granted} grants, ${count((round) => round.pauses)} pauses, ${count((round) => round.kills)} kills`,
      result: `${found()} stale writes, as there must be`,
    })
  }, 600_000)
})
