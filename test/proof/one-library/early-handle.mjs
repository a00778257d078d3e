// early-handle.mjs <engine>: an order `race <path>` opens the missing file with an adapter and, as soon as the file exists, with
// a separate handle of the app, and writes through both; `close` closes both. In a separate process, because a test runner is too
// slow to come between.
import { existsSync } from 'node:fs'
import { takeOrders } from '@go-go-scope/persistence-conformance/process'
import { engine } from '../process/engine-of-process.mjs'

/** @type {object} */
let handle
/** @type {Awaited<ReturnType<typeof engine.SQLiteAdapter.open>>} */
let adapter

await takeOrders(async ([what, path = '']) => {
  if (what === 'close') {
    await adapter.disconnect()
    return engine.closeHandle(handle)
  }
  const opening = engine.SQLiteAdapter.open(path)
  while (!existsSync(path)) await new Promise((resolve) => setImmediate(resolve))
  handle = await engine.openHandle(path)
  for (const sql of ['PRAGMA busy_timeout = 5000', 'PRAGMA journal_mode = WAL', 'CREATE TABLE IF NOT EXISTS own (x)'])
    await engine.rows(handle, sql)
  adapter = await opening
  await adapter.cache.set('k', 1)
})
