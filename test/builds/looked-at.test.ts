import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withProcesses } from '@go-go-scope/persistence-conformance/process'
import { afterAll, expect, test } from 'vitest'
import { proveCell } from '../cells/prove-cell.js'
import { scopedb } from '../cli/scopedb.js'
import { thisMember } from '../proof/process/members.js'
import { ProofProcess } from '../proof/process/proof-process.js'
import { proofCount } from '../proof/proof-count.js'
import { reportProof } from '../proof/report-proof.js'

proveCell()

const inSoak = proofCount({ inTests: 0, inSoak: 1 }) === 1
const WRITING_MS = proofCount({ inTests: 250, inSoak: 10_000 })
const LOOKS: readonly (readonly string[])[] = inSoak
  ? [[], ['locks'], ['circuits'], ['claims'], ['results'], ['tasks'], ['cache'], ['prefixes'], ['verify'], ['doctor']]
  : [['verify']]
/** The limit of the p99 of writes. The maximum is not limited: on a loaded machine it is as long without a reader. */
const P99_MS = 50
/** Another process may slow down a single try; a reader that blocks writers does so in each try. */
const TRIES = 4

interface Written {
  readonly writes: number
  /** Waits for another connection beyond the 3 ms for which the engine waits by itself. */
  readonly waits: number
  readonly p99: number
  readonly longest: number
  readonly errors: readonly string[]
}

const NOTHING: Written = {
  writes: 0,
  waits: Number.POSITIVE_INFINITY,
  p99: Number.POSITIVE_INFINITY,
  longest: 0,
  errors: [],
}
const isInTheWay = ({ waits, p99 }: Written): boolean => waits > 0 || (inSoak && p99 > P99_MS)
const took = (ms: number): string => (ms < 1 ? `${ms.toFixed(2)} ms` : `${Math.ceil(ms)} ms`)

const folder = mkdtempSync(join(tmpdir(), 'looked-at-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('scopedb reads while a process writes a thousand times a second: no write fails or waits for it', async () => {
  const file = join(folder, 'app.db')
  const writer = new ProofProcess(thisMember, new URL('../proof/looked-at/writer.mjs', import.meta.url), [])
  await withProcesses([writer], async () => {
    await writer.ready()
    await writer.ask(`open ${file}`)
    let [looks, writes] = [0, 0]
    let [alone, beside] = [NOTHING, NOTHING]
    for (let attempt = 0; attempt < TRIES && isInTheWay(beside); attempt++) {
      if (inSoak) alone = await writer.ask<Written>(`write ${WRITING_MS}`)
      let over = false
      const writing = writer.ask<Written>(`write ${WRITING_MS}`).finally(() => {
        over = true
      })
      do
        for (const args of LOOKS) {
          if (over && looks > 0) break
          expect(await scopedb(file, ...args)).toMatchObject({ code: 0 })
          looks++
        }
      while (!over)
      const written = await writing
      expect(written.errors).toEqual([])
      writes += written.writes
      beside = written
    }
    expect(beside.waits, 'writes that waited for another connection').toBe(0)
    // Only in a soak: while all other tests run, the machine is too loaded for a time limit.
    if (inSoak) expect(beside.p99, 'ms that 99 of 100 writes took at most').toBeLessThanOrEqual(P99_MS)
    reportProof({
      proof: 'scopedb beside a process that writes 1,000 times a second',
      file: 'test/builds/looked-at.test.ts',
      runs: `${looks} commands beside ${writes} writes`,
      result: `0 writes failed or waited; 99 of 100 took ${took(beside.p99)} at most and the longest ${took(beside.longest)} (${took(alone.p99)} and ${took(alone.longest)} where nobody looks)`,
    })
  })
}, 600_000)
