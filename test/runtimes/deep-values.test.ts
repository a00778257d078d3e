import { describe, expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { kinds, levelsOf, nested } from '../proof/deep-values/kinds.mjs'

proveCell()

const refused = { code: 'VALUE_NOT_SERIALIZABLE', message: expect.stringMatching(/deeper than 1000 levels/) }

describe('deep values', () => {
  test.each(Object.entries(kinds))('%s are taken up to one depth and refused beyond it', async (kind, { most }) => {
    const adapter = await engine.SQLiteAdapter.open(':memory:')
    await adapter.cache.set('k', nested(kind, most))
    expect(levelsOf(kind, await adapter.cache.get('k'))).toBe(most)
    for (const levels of [most + 1, 100 * most]) {
      const deeper = nested(kind, levels)
      await expect(adapter.cache.set('k', deeper)).rejects.toMatchObject(refused)
      await expect(adapter.idempotency.set('k', deeper)).rejects.toMatchObject(refused)
    }
    await adapter.disconnect()
  })

  test('the error of a refused value has the path of the member', async () => {
    const adapter = await engine.SQLiteAdapter.open(':memory:')
    const value = { tree: [nested('objects', 1_000)] }
    const path = /the member tree\[0\]\.next\.next.*…(\.next)+ of the value/
    await expect(adapter.cache.set('k', value)).rejects.toMatchObject({ message: expect.stringMatching(path) })
    await adapter.disconnect()
  })
})
