import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withProcesses } from '@go-go-scope/persistence-conformance/process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { printedSeed } from '../proof/printed-seed.js'
import type { Admitted } from '../proof/probing/prober.mjs'
import { Company } from '../proof/process/company.js'
import { mixedMembers } from '../proof/process/members.js'
import { newPlace } from '../proof/process/new-place.js'
import { ProofProcess } from '../proof/process/proof-process.js'
import { proofCount } from '../proof/proof-count.js'
import { reportProof } from '../proof/report-proof.js'
import { seededRandom } from '../proof/seeded-random.mjs'

proveCell()

const RESET_MS = 60
const LEASE_MS = 200
const HOUR_MS = 3_600_000
const MOST_PROBES = 4
const PROBER = new URL('../proof/probing/prober.mjs', import.meta.url)

describe('processes that share one circuit breaker, Node and Bun mixed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'probing-'))
  const path = newPlace(folder, 'app')
  const random = seededRandom(printedSeed('probes'))
  const processes = proofCount({ inTests: 4, inSoak: 6 })
  let adapter: Awaited<ReturnType<typeof engine.SQLiteAdapter.open>>
  let company: Company
  beforeAll(async () => {
    adapter = await engine.SQLiteAdapter.open(path, { durability: 'process' })
    company = await Company.start(mixedMembers(processes), PROBER, [path])
  })
  afterAll(async () => {
    await company.end()
    await adapter.disconnect()
    rmSync(folder, { recursive: true, force: true })
  })

  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0)

  /** Opens a new circuit. Returns the epoch ms from which it may be probed. */
  async function openCircuit(circuit: string): Promise<number> {
    await adapter.recordFailure(circuit, 1)
    const state = await adapter.getState(circuit)
    expect(state?.state).toBe('open')
    return Number(state?.lastFailureTime) + RESET_MS
  }

  test('after the reset timeout exactly the requested number of probes is admitted, and late reports are not counted', async () => {
    const rounds = proofCount({ inTests: 8, inSoak: 100 })
    let probed = 0
    for (let round = 0; round < rounds; round++) {
      const circuit = `circuit-${round}`
      const probes = 1 + Math.floor(random() * MOST_PROBES)
      const waited = await openCircuit(circuit)
      const order = `race ${circuit} ${probes} ${RESET_MS} ${HOUR_MS} ${waited}`
      const admitted = (await company.askAll<Admitted[]>(order)).flat()
      expect(admitted, 'exactly as many').toHaveLength(probes)
      expect(new Set(admitted.map(({ probe }) => probe)).size, 'a place for each').toBe(probes)
      for (const { to } of admitted) expect(to, 'not before the wait is over').toBeGreaterThanOrEqual(waited)
      probed += probes

      const outcome = round % 2 === 0 ? 'succeeded' : 'failed'
      const counted = sum(await company.askAll<number>(`report ${circuit} ${outcome} ${probes}`))
      // All successes are needed to close the circuit; the first failure opens it and ends the period.
      expect(counted).toBe(outcome === 'succeeded' ? probes : 1)
      const settled = await adapter.getState(circuit)
      expect(settled?.state).toBe(outcome === 'succeeded' ? 'closed' : 'open')
      for (const late of ['failed', 'succeeded']) {
        expect(sum(await company.askAll<number>(`report ${circuit} ${late} 1`)), 'of a period long past').toBe(0)
      }
      expect(await adapter.getState(circuit)).toEqual(settled)
    }
    reportProof({
      proof: 'processes ask a breaker for probes, Node and Bun mixed',
      file: 'test/processes/probing.test.ts',
      runs: `${rounds} half-open periods x ${processes} processes`,
      result: 'exactly as many admitted as asked for, none too early, 0 late reports counted',
    })
    expect(probed).toBeGreaterThanOrEqual(rounds)
  }, 600_000)

  test('the place of a killed or stopped prober goes to one other when its lease is over', async () => {
    const rounds = proofCount({ inTests: 2, inSoak: 20 })
    for (const [round, member] of mixedMembers(rounds).entries()) {
      const prober = new ProofProcess(member, PROBER, [path])
      await withProcesses([prober], async () => {
        await prober.ready()
        const circuit = `victim-${round}`
        const waited = await openCircuit(circuit)
        const held = (await prober.ask<Admitted[]>(`race ${circuit} 1 ${RESET_MS} ${LEASE_MS} ${waited}`)).at(-1)
        const killed = round % 2 === 0
        prober.signal(killed ? 'SIGKILL' : 'SIGSTOP')
        if (killed) await prober.ended
        const order = `race ${circuit} 1 ${RESET_MS} ${HOUR_MS} ${Number(held?.to) + LEASE_MS}`
        const admitted = (await company.askAll<Admitted[]>(order)).flat()
        expect(admitted, 'to one other').toHaveLength(1)
        expect(admitted[0]?.to, 'not before').toBeGreaterThanOrEqual(Number(held?.from) + LEASE_MS)
        if (killed) return
        prober.signal('SIGCONT')
        expect(await prober.ask(`report ${circuit} succeeded 1`), 'its report comes too late').toBe(0)
        expect((await adapter.getState(circuit))?.state).toBe('half-open')
        expect(await prober.dismiss()).toEqual({ code: 0, signal: null, stderr: '' })
      })
    }
    reportProof({
      proof: 'probers killed and stopped, Node and Bun mixed',
      file: 'test/processes/probing.test.ts',
      runs: `${Math.ceil(rounds / 2)} kills, ${Math.floor(rounds / 2)} stops`,
      result: 'each place given to exactly one other after its lease, 0 late reports counted',
    })
  }, 600_000)

  test('reading the state and then changing it admits too many probes (control)', async () => {
    const least = proofCount({ inTests: 10, inSoak: 20 })
    let tooMany = 0
    let rounds = 0
    // On a busy machine the processes may ask one after the other, round after round.
    for (; rounds < least || (tooMany === 0 && rounds < 500); rounds++) {
      const circuit = `unguarded-${rounds}`
      const waited = await openCircuit(circuit)
      const called = await company.askAll<boolean>(`unguarded ${circuit} ${waited}`)
      if (called.filter(Boolean).length > 1) tooMany++
    }
    expect(tooMany).toBeGreaterThan(0)
    reportProof({
      proof: 'a breaker whose state is read and then changed (control)',
      file: 'test/processes/probing.test.ts',
      runs: `${rounds} half-open periods x ${processes} processes`,
      result: `too many called in ${tooMany} of them, as there must be`,
    })
  }, 600_000)
})
