import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withProcesses } from '@go-go-scope/persistence-conformance/process'
import { afterAll, describe, expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { kinds, nested } from '../proof/deep-values/kinds.mjs'
import { everyRuntime } from '../proof/process/members.js'
import { newPlace } from '../proof/process/new-place.js'
import { ProofProcess } from '../proof/process/proof-process.js'

proveCell()

const READER = new URL('../proof/deep-values/reader.mjs', import.meta.url)

/**
 * The kinds that each process of a runtime reads. In a soak a new process reads each kind. In a test one process reads a third
 * of them, so it is new only for the first; over all runtimes each kind is the first once. A server returns the same texts as
 * a file.
 */
function portions(runtime: number): string[][] {
  const all = Object.keys(kinds)
  if (process.env.SOAK !== undefined) return all.map((kind) => [kind])
  const turns = engine.places === undefined ? Math.ceil(all.length / everyRuntime.length) : 1
  return Array.from({ length: turns }, (_, turn) => {
    const third = all.filter((_, number) => (number + runtime + turn) % everyRuntime.length === 0)
    return [...third.slice(turn), ...third.slice(0, turn)]
  })
}

describe('deep values', () => {
  const folder = mkdtempSync(join(tmpdir(), 'deep-values-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('that were accepted can be read by a fresh process of every runtime', async () => {
    const path = newPlace(folder, 'app')
    const writer = await engine.SQLiteAdapter.open(path)
    for (const [kind, { most }] of Object.entries(kinds)) {
      const saved = { id: kind, taskId: kind, sequence: 1, timestamp: 1, progress: 0 }
      await writer.checkpoint.save({ ...saved, data: nested(kind, most) })
    }
    await writer.disconnect()
    const readers = everyRuntime.flatMap((member, at) => portions(at).map((wanted) => ({ member, wanted })))
    if (engine.places === undefined) {
      const firsts = new Set(readers.map(({ wanted: [first] }) => first))
      expect(firsts, 'each kind is the first that a process reads').toEqual(new Set(Object.keys(kinds)))
    }
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
