import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { compileLibrary } from '../proof/compile-library.js'
import { cutPower, recordWriter } from '../proof/power-cut/cut-power.js'
import { printedSeed } from '../proof/printed-seed.js'
import { proofCount } from '../proof/proof-count.js'
import { reportProof } from '../proof/report-proof.js'
import { seededRandom } from '../proof/seeded-random.mjs'

proveCell()

describe('loss of power', () => {
  const folder = mkdtempSync(join(tmpdir(), 'power-cut-'))
  const random = seededRandom(printedSeed('loss of power'))
  const cuts = proofCount({ inTests: 30, inSoak: 300 })
  const rounds = proofCount({ inTests: 40, inSoak: 300 })
  let recorder = ''

  beforeAll(async () => {
    recorder = await compileLibrary(new URL('../proof/power-cut/recorder.c', import.meta.url))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  async function findings(durability: 'power' | 'process') {
    const written = join(folder, durability)
    await mkdir(written)
    const events = await recordWriter(engine, recorder, written, durability, rounds)
    return cutPower(engine, events, join(folder, `${durability}-cuts`), cuts, random)
  }

  function report(durability: string, result: string) {
    const proof = `loss of power, simulated, with durability '${durability}'`
    reportProof({ proof, file: 'test/failures/power-cut.test.ts', runs: `${cuts} cuts`, result })
  }

  test("durability 'power' loses no acknowledged write, leaves no gap and no damage", async () => {
    expect(await findings('power')).toEqual({ cuts, lossyCuts: 0, mostLost: 0, gaps: 0, damaged: [] })
    report('power', '0 cuts lost an acknowledged write, 0 damaged')
  }, 600_000)

  test("durability 'process' loses only the latest writes, and this test sees that it does", async () => {
    const { gaps, damaged, lossyCuts, mostLost } = await findings('process')
    expect({ gaps, damaged }).toEqual({ gaps: 0, damaged: [] })
    expect(lossyCuts).toBeGreaterThan(0)
    report('process', `${lossyCuts} cuts lost the latest writes, at most ${mostLost}, as they may; 0 damaged`)
  }, 600_000)
})
