// arriver.mjs <engine>: an order `open <path>` opens the file and answers with how many did before, this one included;
// `schema` answers with the schema it sees, `close` closes.
import { engine } from '../process/engine-of-process.mjs'
import { takeOrders } from '../process/take-orders.mjs'

/** @type {Awaited<ReturnType<typeof engine.SQLiteAdapter.open>>} */
let adapter
let path = ''

await takeOrders(async ([what, argument = '']) => {
  if (what === 'open') {
    path = argument
    adapter = await engine.SQLiteAdapter.open(path, { busyTimeout: 30_000 })
    return adapter.recordFailure('arrivals', 1_000)
  }
  if (what === 'close') return adapter.disconnect()
  const handle = await engine.openHandle(path)
  const rows = await engine.rows(handle, 'SELECT type, name, sql FROM sqlite_master ORDER BY type, name')
  await engine.closeHandle(handle)
  return JSON.stringify(rows)
})
