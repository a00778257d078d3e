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
const WRITING_MS = proofCount({ inTests: 500, inSoak: 10_000 })
const LOOKS: readonly (readonly string[])[] = inSoak
  ? [[], ['locks'], ['circuits'], ['claims'], ['results'], ['tasks'], ['cache'], ['prefixes'], ['verify'], ['doctor']]
  : [['verify']]
/** What a write may take, unless the machine lets it wait as long where nobody looks. */
const LONGEST_MS = 50
/** Other work on the machine is in the way now and then; a reader that is in the way is so each time. */
const TRIES = proofCount({ inTests: 1, inSoak: 4 })

interface Written {
  readonly writes: number
  readonly longest: number
  readonly errors: readonly string[]
}

const folder = mkdtempSync(join(tmpdir(), 'looked-at-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('scopedb beside a process that writes a thousand times a second: no write fails', async () => {
  const file = join(folder, 'app.db')
  const writer = new ProofProcess(thisMember, new URL('../proof/looked-at/writer.mjs', import.meta.url), [])
  await withProcesses([writer], async () => {
    await writer.ready()
    await writer.ask(`open ${file}`)
    let [looks, writes, alone, beside] = [0, 0, 0, Number.POSITIVE_INFINITY]
    for (let attempt = 0; attempt < TRIES && beside > Math.max(LONGEST_MS, alone); attempt++) {
      if (inSoak) alone = (await writer.ask<Written>(`write ${WRITING_MS}`)).longest
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
      beside = written.longest
    }
    // A machine that runs all other tests at the same time is no measure.
    if (inSoak) expect(beside, 'ms that the longest write took').toBeLessThanOrEqual(Math.max(LONGEST_MS, alone))
    reportProof({
      proof: 'scopedb beside a process that writes 1,000 times a second',
      file: 'test/builds/looked-at.test.ts',
      runs: `${looks} commands beside ${writes} writes`,
      result: `0 writes failed, the longest took ${Math.ceil(beside)} ms (${Math.ceil(alone)} ms where nobody looks)`,
    })
  })
}, 200_000)
