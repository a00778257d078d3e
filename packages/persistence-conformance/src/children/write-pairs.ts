import type { AdapterUnderTest } from '../engine-under-test.js'
import type { Work } from './work.js'

// Orders: `open <path>`; `write <times>`, which returns the last value.
export const writePairs: Work = (engine) => {
  let adapter: AdapterUnderTest | undefined
  return {
    async order([what, argument = '']) {
      if (what === 'open') {
        adapter = await engine.SQLiteAdapter.open(argument, { durability: 'process' })
        return undefined
      }
      if (adapter === undefined) throw new Error('open comes first')
      for (let value = 1; value <= Number(argument); value++) {
        await adapter.cache.setMany([
          ['left', value],
          ['right', value],
        ])
      }
      return Number(argument)
    },
    leave: async () => adapter?.disconnect(),
  }
}
