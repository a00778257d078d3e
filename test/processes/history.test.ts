import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { type Event, violations } from '../proof/history/check-history.js'
import { printedSeed } from '../proof/printed-seed.js'
import { Company } from '../proof/process/company.js'
import { mixedMembers } from '../proof/process/members.js'
import { makePlace, newPlace } from '../proof/process/new-place.js'
import { proofCount } from '../proof/proof-count.js'
import { reportProof } from '../proof/report-proof.js'
import { seededRandom } from '../proof/seeded-random.mjs'

proveCell()

const PROCESSES = 4

describe('histories of random calls from several processes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'history-'))
  const random = seededRandom(printedSeed('histories'))
  const histories = proofCount({ inTests: 2, inSoak: 20 })
  const operations = 1_600 / PROCESSES
  let company: Company
  beforeAll(async () => {
    company = await Company.start(mixedMembers(PROCESSES), new URL('../proof/history/historian.mjs', import.meta.url))
  })
  afterAll(async () => {
    await company.end()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Has all processes make calls at once, once per file, and returns the violations of each history. */
  async function record(way: 'run' | 'torn', files: number): Promise<string[][]> {
    const found: string[][] = []
    for (let number = 0; number < files; number++) {
      const path = newPlace(folder, `${way}-${number}`)
      await makeCounters(path)
      await company.askAll(`open ${path}`)
      const seeds = company.all.map(() => Math.floor(random() * 2 ** 32))
      const parts = await company.askAll<Event[]>((at) => `${way} ${operations} ${seeds[at]}`)
      await company.askAll('close')
      const history = parts.flat()
      expect(history.length).toBeGreaterThanOrEqual(operations * PROCESSES)
      found.push(violations(history))
    }
    return found
  }

  async function makeCounters(path: string): Promise<void> {
    await makePlace(path)
    const handle = await engine.openHandle(path)
    await engine.rows(handle, 'CREATE TABLE torn (key TEXT PRIMARY KEY, count INTEGER NOT NULL)')
    for (const key of [0, 1, 2]) await engine.rows(handle, 'INSERT INTO torn VALUES (?, 0)', [`counter-${key}`])
    await engine.closeHandle(handle)
  }

  test('every history could have come from calls made one at a time, in their order in real time', async () => {
    const found = await record('run', histories)
    expect(found.flat()).toEqual([])
    reportProof({
      proof: 'history check of acquire, release, increment and put-if-absent, Node and Bun mixed',
      file: 'test/processes/history.test.ts',
      runs: `${histories} histories x ${operations * PROCESSES} calls`,
      result: '0 violations',
    })
  }, 600_000)

  test('counting by reading and then writing leaves histories that could not, so this test sees them', async () => {
    const [found] = await record('torn', 1)
    expect(found?.length).toBeGreaterThan(0)
    reportProof({
      proof: 'history check of a count that is read and then written (control)',
      file: 'test/processes/history.test.ts',
      runs: `1 history x ${operations * PROCESSES} calls`,
      result: `${found?.length} violations, as there must be`,
    })
  }, 600_000)
})
