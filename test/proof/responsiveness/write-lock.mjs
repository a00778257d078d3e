// write-lock.mjs <engine>: an order `hold <path>` opens a transaction that keeps every other writer out of the file,
// `release` ends them all.
import { engine } from '../process/engine-of-process.mjs'
import { takeOrders } from '../process/take-orders.mjs'

/** @type {object[]} */
const held = []

await takeOrders(async ([what, path = '']) => {
  if (what === 'hold') {
    const handle = await engine.openHandle(path)
    await engine.rows(handle, 'BEGIN EXCLUSIVE')
    held.push(handle)
    return
  }
  for (const handle of held.splice(0)) {
    await engine.rows(handle, 'ROLLBACK')
    await engine.closeHandle(handle)
  }
})
