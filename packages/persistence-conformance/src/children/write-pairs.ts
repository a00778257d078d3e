import type { AdapterUnderTest } from '../engine-under-test.js'
import { takeOrders } from '../process/take-orders.js'
import { engineArgument } from './engine-argument.js'

const engine = await engineArgument()
let adapter: AdapterUnderTest | undefined

// Orders: `open <path>`; `write <times>`, which gives the last value.
await takeOrders(async ([what, argument = '']) => {
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
})
