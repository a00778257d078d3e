// writer.mjs <engine>: an order `open <path>` opens the file; `write <ms>` writes to it once per ms for that long, and answers
// with the number of writes, the number of writes that waited for another connection, their p99 and maximum in ms, and every
// error.

import { takeOrders } from '@go-go-scope/persistence-conformance/process'
import { engine } from '../process/engine-of-process.mjs'

const EVERY_MS = 1
/** @type {Awaited<ReturnType<typeof engine.SQLiteAdapter.open>>} */
let adapter
let waits = 0

await takeOrders(async ([what, argument = '']) => {
  switch (what) {
    case 'open':
      // Flushes to the disk are not measured here.
      adapter = await engine.SQLiteAdapter.open(argument, {
        durability: 'process',
        onDiagnostic: ({ type }) => {
          if (type === 'busy-retry') waits++
        },
      })
      await adapter.cache.set('k', 0)
      return undefined
    case 'write':
      return write(Number(argument))
    case 'close':
      return adapter.disconnect()
    default:
      throw new Error(`no order is called ${what}`)
  }
})

/** @param {number} ms */
async function write(ms) {
  const begin = performance.now()
  let writes = 0
  waits = 0
  /** @type {number[]} */
  const took = []
  /** @type {string[]} */
  const errors = []
  while (performance.now() < begin + ms) {
    const due = begin + writes * EVERY_MS
    while (performance.now() < due) await new Promise((resolve) => setImmediate(resolve))
    const called = performance.now()
    try {
      await adapter.cache.set(`k${writes % 1_000}`, writes)
    } catch (error) {
      errors.push(String(error))
    }
    took.push(performance.now() - called)
    writes++
  }
  took.sort((a, b) => a - b)
  return { writes, waits, p99: took[Math.floor(took.length * 0.99)] ?? 0, longest: took.at(-1) ?? 0, errors }
}
