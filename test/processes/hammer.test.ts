import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withProcesses } from '@go-go-scope/persistence-conformance/process'
import { afterAll, describe, expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { mixedMembers } from '../proof/process/members.js'
import { ProofProcess } from '../proof/process/proof-process.js'
import { proofCount } from '../proof/proof-count.js'
import { reportProof } from '../proof/report-proof.js'

proveCell()

const WAVES = [1, 25, 1, 7]

interface Hammered {
  counts: number[]
  errors: string[]
}

describe('Node and Bun processes on one file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hammer-'))
  const processes = proofCount({ inTests: 6, inSoak: 8 })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const script = (name: string) => new URL(`../proof/hammer/${name}.mjs`, import.meta.url)

  test('failures that all record at once are counted exactly, and the circuit opens once', async () => {
    const path = join(folder, 'app.db')
    const calls = proofCount({ inTests: 300, inSoak: 1_000 })
    const total = calls * processes
    const env = { THRESHOLD: String(Math.floor(total / 2)) }
    const all = mixedMembers(processes).map((member) => new ProofProcess(member, script('recorder'), [], env))
    await withProcesses(all, async () => {
      await Promise.all(all.map((one) => one.next()))
      await Promise.all(all.map((one) => one.ask(`open ${path}`)))
      const answers = await Promise.all(
        all.map((one, index) => one.ask<Hammered>(`hammer ${calls} ${WAVES[index % WAVES.length]}`)),
      )
      expect(answers.flatMap(({ errors }) => errors)).toEqual([])
      for (const { counts } of answers) {
        expect(counts, 'a process sees its own counts grow').toEqual(counts.toSorted((a, b) => a - b))
      }
      expect(
        answers.flatMap(({ counts }) => counts).toSorted((a, b) => a - b),
        'every count was given once, and none left out',
      ).toEqual(Array.from({ length: total }, (_, index) => index + 1))
      for (const one of all) expect(await one.dismiss()).toEqual({ code: 0, signal: null, stderr: '' })
    })
    const handle = await engine.openHandle(path)
    // The period of the circuit is counted up whenever it opens, closes or is set.
    const circuits = await engine.rows(handle, 'SELECT state, failure_count, generation FROM go_goscope_circuit')
    await engine.closeHandle(handle)
    expect(circuits).toEqual([{ state: 'open', failure_count: total, generation: 1 }])
    reportProof({
      proof: 'processes hammer one circuit, Node and Bun mixed',
      file: 'test/processes/hammer.test.ts',
      runs: `${processes} processes x ${calls} failures`,
      result: `${total} of ${total} counted, 0 errors, opened once`,
    })
  }, 300_000)

  test('processes that meet on a missing file all open it, to one schema', async () => {
    const rounds = proofCount({ inTests: 5, inSoak: 25 })
    const all = mixedMembers(processes).map((member) => new ProofProcess(member, script('arriver')))
    await withProcesses(all, async () => {
      await Promise.all(all.map((one) => one.next()))
      for (let round = 0; round < rounds; round++) {
        const path = join(folder, `round-${round}.db`)
        const way = round % 2 === 0 ? 'open' : 'connect'
        const counts = await Promise.all(all.map((one) => one.ask<number>(`${way} ${path}`)))
        expect(counts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: processes }, (_, index) => index + 1))
        const steps = await Promise.all(all.map((one) => one.ask<string>('schema')))
        expect(new Set(steps).size, 'one schema').toBe(1)
        await Promise.all(all.map((one) => one.ask('close')))
      }
      for (const one of all) expect(await one.dismiss()).toEqual({ code: 0, signal: null, stderr: '' })
    })
    reportProof({
      proof: 'processes start at once on a missing file, Node and Bun mixed',
      file: 'test/processes/hammer.test.ts',
      runs: `${processes} processes x ${rounds} files`,
      result: `${processes * rounds} of ${processes * rounds} opened, one schema`,
    })
  }, 300_000)
})
