import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { difference, make, withProcesses } from '@go-go-scope/persistence-conformance/process'
import { anySample } from '@go-go-scope/persistence-conformance/workspace'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { everyRuntime } from '../proof/process/members.js'
import { newPlace } from '../proof/process/new-place.js'
import { ProofProcess } from '../proof/process/proof-process.js'
import { proofCount } from '../proof/proof-count.js'

proveCell()

const NEXT = new URL('../proof/written-values/next-runtime.mjs', import.meta.url)
const values = proofCount({ inTests: 60, inSoak: 10_000 })

const folder = mkdtempSync(join(tmpdir(), 'written-values-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('random values that one runtime has accepted are read alike by the next', async () => {
  const accepted = fc.sample(anySample, values).filter(({ refused }) => refused.length === 0)
  const samples = accepted.map((sample, sequence) => ({ ...sample, id: `value ${sequence}`, sequence }))
  const list = join(folder, 'samples')
  writeFileSync(list, JSON.stringify(samples))
  const path = newPlace(folder, 'app')
  const adapter = await engine.SQLiteAdapter.open(path)
  const saves = samples.map(({ id, sequence, value }) =>
    adapter.checkpoint.save({ id, taskId: 't', sequence, timestamp: 1, progress: 0, data: [make(value)] }),
  )
  await Promise.all(saves)
  for (const member of everyRuntime) {
    const next = new ProofProcess(member, NEXT, [path, list])
    await withProcesses([next], async () => {
      expect(await next.next(), member.runtime).toEqual([])
      expect(await next.ended).toMatchObject({ code: 0, signal: null })
    })
  }
  for (const { id, value, kept } of samples) {
    expect(difference((await adapter.checkpoint.load(id))?.data, [make(kept)]), value).toBeUndefined()
  }
  await adapter.disconnect()
}, 300_000)
