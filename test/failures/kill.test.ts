import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { withProcesses } from '@go-go-scope/persistence-conformance/process'
import { afterAll, describe, expect, test } from 'vitest'
import { proveCell } from '../cells/prove-cell.js'
import { verifyAcknowledged } from '../proof/kill/verify-acknowledged.js'
import { printedSeed } from '../proof/printed-seed.js'
import { thisMember } from '../proof/process/members.js'
import { ProofProcess } from '../proof/process/proof-process.js'
import { proofCount } from '../proof/proof-count.js'
import { reportProof } from '../proof/report-proof.js'
import { seededRandom } from '../proof/seeded-random.mjs'

proveCell()

const BYTES_PER_LINE = 8

describe('kill -9 under mixed load', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kill-'))
  const random = seededRandom(printedSeed('kill -9'))
  const kills = proofCount({ inTests: 2, inSoak: 100 })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const sizeOf = (file: string) => (existsSync(file) ? statSync(file).size : 0)

  /** Kills a writer during its work, after at least `least` calls. Returns the numbers that it had acknowledged. */
  async function killMidway(writer: ProofProcess, log: string, least: number): Promise<number[]> {
    await writer.next()
    const lines = least + Math.floor(random() ** 2 * 400)
    writer.send('go')
    if (lines === 0) await pause(random() * 20)
    while (!writer.over && sizeOf(log) < lines * BYTES_PER_LINE) await pause(1)
    await pause(random() * 3)
    writer.signal('SIGKILL')
    const { signal, stderr } = await writer.ended
    expect({ signal, stderr }).toEqual({ signal: 'SIGKILL', stderr: '' })
    return sizeOf(log) === 0 ? [] : readFileSync(log, 'utf8').trimEnd().split('\n').map(Number)
  }

  for (const [title, inFlight] of [
    ['one call at a time', 1],
    ['40 calls in flight', 40],
  ] as const) {
    test(`${title}: nothing acknowledged is lost, and many rows of one call are whole`, async () => {
      const path = join(folder, `${inFlight}.db`)
      const writerOf = (round: number) => {
        // The numbers of each round are unique, so that no later write hides a lost one.
        const args = [
          path,
          `${path}-acknowledged-${round}`,
          round * 1_000_000,
          inFlight,
          round % 2 === 0 ? 'process' : 'power',
        ]
        return new ProofProcess(thisMember, new URL('../proof/kill/writer.mjs', import.meta.url), args)
      }
      const all: number[] = []
      let slowest = 0
      let next = writerOf(1)
      for (let round = 1; round <= kills; round++) {
        const writer = next
        // The next writer starts while the current one writes.
        if (round < kills) next = writerOf(round + 1)
        await withProcesses([writer], async () => {
          // Only the first writer must have acknowledged calls.
          const least = round === 1 ? kills + 1 : 0
          const latest = await killMidway(writer, `${path}-acknowledged-${round}`, least)
          all.push(...latest)
          slowest = Math.max(slowest, await verifyAcknowledged(path, latest, all))
        })
      }
      expect(all.length).toBeGreaterThan(kills)
      // Long enough for a loaded machine, and below the 5 s for which a call waits for a lock.
      expect(slowest, 'ms to open again').toBeLessThan(4_000)
      reportProof({
        proof: `kill -9 under mixed load, ${title}`,
        file: 'test/failures/kill.test.ts',
        runs: `${kills} kills, every other with durability 'process'`,
        result: `0 of ${all.length} acknowledged writes lost, opened again within ${Math.ceil(slowest)} ms`,
      })
    }, 600_000)
  }
})
