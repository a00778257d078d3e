// arriver.mjs <engine>: an order `open <path>` opens the file, and `connect <path>` connects an adapter on a handle of it;
// both answer with how many did before, this one included. `schema` answers with the schema it sees, `close` closes.

import { takeOrders } from '@go-go-scope/persistence-conformance/process'
import { engine } from '../process/engine-of-process.mjs'

/** @type {Awaited<ReturnType<typeof engine.SQLiteAdapter.open>>} */
let adapter
let path = ''

await takeOrders(async ([what, argument = '']) => {
  if (what === 'open' || what === 'connect') {
    path = argument
    const options = { busyTimeout: 30_000 }
    adapter =
      what === 'open'
        ? await engine.SQLiteAdapter.open(path, options)
        : new engine.SQLiteAdapter(/** @type {never} */ (await engine.openHandle(path)), options)
    return adapter.recordFailure('arrivals', 1_000)
  }
  if (what === 'close') return adapter.disconnect()
  const handle = await engine.openHandle(path)
  const rows = await engine.rows(handle, 'SELECT type, name, sql FROM sqlite_master ORDER BY type, name')
  await engine.closeHandle(handle)
  return JSON.stringify(rows)
})
