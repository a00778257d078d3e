import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { Company } from '../proof/process/company.js'
import { mixedMembers } from '../proof/process/members.js'
import { newPlace } from '../proof/process/new-place.js'
import { proofCount } from '../proof/proof-count.js'
import { reportProof } from '../proof/report-proof.js'

proveCell()

const WAVES = [1, 25, 1, 7]

interface Hammered {
  counts: number[]
  errors: string[]
}

describe('processes of different engines on one file, on Node and Bun', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hammer-'))
  const processes = proofCount({ inTests: 4, inSoak: 8 })
  let company: Company
  beforeAll(async () => {
    company = await Company.start(mixedMembers(processes), new URL('../proof/hammer/hammerer.mjs', import.meta.url))
  })
  afterAll(async () => {
    await company.end()
    rmSync(folder, { recursive: true, force: true })
  })

  test('concurrent failures of all processes are counted exactly, and the circuit opens once', async () => {
    const path = newPlace(folder, 'app')
    const calls = proofCount({ inTests: 450, inSoak: 1_000 })
    const total = calls * processes
    const threshold = Math.floor(total / 2)
    await company.askAll(`open ${path}`)
    const answers = await company.askAll<Hammered>((at) => `hammer ${calls} ${WAVES[at % WAVES.length]} ${threshold}`)
    await company.askAll('close')
    expect(answers.flatMap(({ errors }) => errors)).toEqual([])
    for (const { counts } of answers) {
      expect(counts, 'a process sees its own counts grow').toEqual(counts.toSorted((a, b) => a - b))
    }
    expect(
      answers.flatMap(({ counts }) => counts).toSorted((a, b) => a - b),
      'every count was given once, and none left out',
    ).toEqual(Array.from({ length: total }, (_, index) => index + 1))
    const handle = await engine.openHandle(path)
    // The circuit's generation increases whenever it opens, closes or is set.
    const circuits = await engine.rows(handle, 'SELECT state, failure_count, generation FROM go_goscope_circuit')
    await engine.closeHandle(handle)
    expect(circuits).toEqual([{ state: 'open', failure_count: total, generation: 1 }])
    reportProof({
      proof: 'processes hammer one circuit, Node and Bun mixed',
      file: 'test/processes/hammer.test.ts',
      runs: `${processes} processes x ${calls} failures`,
      result: `${total} of ${total} counted, 0 errors, opened once`,
    })
  }, 600_000)

  test('processes that open a missing file at once all open it, with one schema', async () => {
    const rounds = proofCount({ inTests: 5, inSoak: 25 })
    for (let round = 0; round < rounds; round++) {
      const path = newPlace(folder, `round-${round}`)
      const counts = await company.askAll<number>(`${round % 2 === 0 ? 'arrive' : 'connect'} ${path}`)
      expect(counts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: processes }, (_, index) => index + 1))
      const steps = await company.askAll<string>(`schema ${path}`)
      expect(new Set(steps).size, 'one schema').toBe(1)
      await company.askAll('close')
    }
    reportProof({
      proof: 'processes start at once on a missing file, Node and Bun mixed',
      file: 'test/processes/hammer.test.ts',
      runs: `${processes} processes x ${rounds} files`,
      result: `${processes * rounds} of ${processes * rounds} opened, one schema`,
    })
  }, 600_000)
})
