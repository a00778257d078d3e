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
  const folder = mkdtempSync(join(tmpdir(), 'fencing-'))
  const random = seededRandom(printedSeed('stopped and killed holders'))
  const processes = proofCount({ inTests: 4, inSoak: 6 })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('every grant has a token of its own, and no stale holder writes through the fence', async () => {
    const grants = proofCount({ inTests: 90, inSoak: 1_200 })
    const found = await contend(newPlace(folder, 'fenced'), 'fenced', { processes, grants }, random)
    expect(new Set(found.granted).size, 'tokens are unique').toBe(found.granted.length)
    expect(found.journal, 'written in the order of the tokens').toEqual(found.journal.toSorted((a, b) => a - b))
    expect(found.acknowledged.filter((token) => !found.journal.includes(token))).toEqual([])
    expect(new Set(found.journal).size, 'one write per grant').toBe(found.journal.length)
    expect(found.refusals.length, 'stale holders did try').toBeGreaterThan(0)
    expect(
      found.refusals.filter(({ aborted }) => !aborted),
      'their signals say so',
    ).toEqual([])
    reportProof({
      proof: 'lock holders stopped past their lease and killed, with the fence',
      file: 'test/processes/fencing.test.ts',
      runs: `${found.granted.length} grants, ${found.pauses} pauses, ${found.kills} kills`,
      result: `${overtaken(found.journal)} stale writes, ${found.refusals.length} refused`,
    })
  }, 600_000)
})
