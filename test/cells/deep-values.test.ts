import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { kinds, levelsOf, nested } from '../proof/deep-values/kinds.mjs'
import { everyRuntime } from '../proof/process/members.js'
import { ProofProcess, withProcesses } from '../proof/process/proof-process.js'
import { engine } from './cell.js'
import { proveCell } from './prove-cell.js'

proveCell()

const READER = new URL('../proof/deep-values/reader.mjs', import.meta.url)
const refused = { code: 'VALUE_NOT_SERIALIZABLE', message: expect.stringMatching(/deeper than 1000 levels/) }

describe('deep values', () => {
  const folder = mkdtempSync(join(tmpdir(), 'deep-values-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test.each(Object.entries(kinds))('%s are taken up to one depth and refused beyond it', async (kind, { most }) => {
    const adapter = await engine.SQLiteAdapter.open(':memory:')
    await adapter.cache.set('k', nested(kind, most))
    expect(levelsOf(kind, await adapter.cache.get('k'))).toBe(most)
    for (const levels of [most + 1, 2 * most, 100 * most]) {
      await expect(adapter.cache.set('k', nested(kind, levels))).rejects.toMatchObject(refused)
      await expect(adapter.idempotency.set('k', nested(kind, levels))).rejects.toMatchObject(refused)
    }
    await adapter.disconnect()
  })

  test('the refusal has the path of the member', async () => {
    const adapter = await engine.SQLiteAdapter.open(':memory:')
    const value = { tree: [nested('objects', 1_000)] }
    const path = /the member tree\[0\]\.next\.next.*…(\.next)+ of the value/
    await expect(adapter.cache.set('k', value)).rejects.toMatchObject({ message: expect.stringMatching(path) })
    await adapter.disconnect()
  })

  test('what is taken, a fresh process of every runtime reads', async () => {
    const path = join(folder, 'app.db')
    const writer = await engine.SQLiteAdapter.open(path)
    for (const [kind, { most }] of Object.entries(kinds)) {
      const saved = { id: kind, taskId: kind, sequence: 1, timestamp: 1, progress: 0 }
      await writer.checkpoint.save({ ...saved, data: nested(kind, most) })
    }
    await writer.disconnect()
    for (const member of everyRuntime) {
      for (const [kind, { most }] of Object.entries(kinds)) {
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
