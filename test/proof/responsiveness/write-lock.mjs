// write-lock.mjs <engine>: an order `hold <path>` begins a transaction that blocks all other writers of the file; `release` ends
// all of these transactions.

import { takeOrders } from '@go-go-scope/persistence-conformance/process'
import { engine } from '../process/engine-of-process.mjs'

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
