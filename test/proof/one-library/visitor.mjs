// visitor.mjs <engine>: an order `visit <path>` opens the file, reads and closes it, as any other process may. Where no
// other process holds SQLite's locks on the file, that takes the log away.
import { engine } from '../process/engine-of-process.mjs'
import { takeOrders } from '../process/take-orders.mjs'

await takeOrders(async ([, path = '']) => {
  const handle = await engine.openHandle(path)
  await engine.rows(handle, 'SELECT count(*) FROM sqlite_master')
  await engine.closeHandle(handle)
})
