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

proveCell()

const READER = new URL('../proof/deep-values/reader.mjs', import.meta.url)

/**
 * What the processes of one runtime read, each one portion. In a soak each kind, by a fresh process. In a test a third of them
 * by one process, which is fresh for the first: over the engines and runtimes each kind is the first once.
 */
function portions(runtime: number, writer: number): string[][] {
  const all = Object.keys(kinds)
  const third = all.filter((_, number) => (number + runtime + writer) % everyRuntime.length === 0)
  return process.env.SOAK === undefined
    ? [[...third.slice(writer), ...third.slice(0, writer)]]
    : all.map((kind) => [kind])
}

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
    const readers = everyRuntime.flatMap((member, at) =>
      portions(at, engineNames.indexOf(cell.engine)).map((wanted) => ({ member, wanted })),
    )
    for (const { member, wanted } of readers) {
      const reader = new ProofProcess(member, READER, [path, ...wanted])
      await withProcesses([reader], async () => {
        const seen = await reader.next()
        expect(await reader.ended).toMatchObject({ code: 0, signal: null })
        expect(seen, member.runtime).toEqual(wanted.map((kind) => [kind, kinds[kind]?.most]))
      })
    }
  }, 300_000)
})
