import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withProcesses } from '@go-go-scope/persistence-conformance/process'
import { afterAll, describe, expect, test } from 'vitest'
import { engineNames } from '../../scripts/engines.mjs'
import { cell, engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { kinds, nested } from '../proof/deep-values/kinds.mjs'
import { everyRuntime } from '../proof/process/members.js'
import { newPlace } from '../proof/process/new-place.js'
import { ProofProcess } from '../proof/process/proof-process.js'
import { proofCount } from '../proof/proof-count.js'

proveCell()

const READER = new URL('../proof/deep-values/reader.mjs', import.meta.url)

describe('deep values', () => {
  const folder = mkdtempSync(join(tmpdir(), 'deep-values-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('what is taken, a fresh process of every runtime reads', async () => {
    const path = newPlace(folder, 'app')
    const writer = await engine.SQLiteAdapter.open(path)
    for (const [kind, { most }] of Object.entries(kinds)) {
      const saved = { id: kind, taskId: kind, sequence: 1, timestamp: 1, progress: 0 }
      await writer.checkpoint.save({ ...saved, data: nested(kind, most) })
    }
    await writer.disconnect()
    // Each kind on each runtime in a soak. In a test each kind on one of them, on another for the file of another engine.
    const stride = proofCount({ inTests: everyRuntime.length, inSoak: 1 })
    const first = engineNames.indexOf(cell.engine)
    for (const [at, member] of everyRuntime.entries()) {
      for (const [number, [kind, { most }]] of Object.entries(kinds).entries()) {
        if ((at + number + first) % stride !== 0) continue
        const reader = new ProofProcess(member, READER, [path, kind])
        await withProcesses([reader], async () => {
          const seen = await reader.next()
          expect(await reader.ended).toMatchObject({ code: 0, signal: null })
          expect(seen, `${kind} on ${member.runtime}`).toEqual({ levels: most, failure: [] })
        })
      }
    }
  }, 300_000)
})
