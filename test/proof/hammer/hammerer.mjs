// hammerer.mjs <engine>: an order `arrive <path>` opens the file, and `connect <path>` connects an adapter on a handle of it;
// both answer with how many processes have done so, this one included. `schema <path>` answers with the schema. `open <path>`
// opens the file for `hammer <calls> <in flight> <threshold>`, which records failures of one circuit as fast as possible and
// answers with every returned count and every error. `close` closes.

import { takeOrders } from '@go-go-scope/persistence-conformance/process'
import { engine } from '../process/engine-of-process.mjs'

const PATIENCE_MS = 60_000
/** @type {Awaited<ReturnType<typeof engine.SQLiteAdapter.open>>} */
let adapter

await takeOrders(async ([what, first = '', second, third]) => {
  switch (what) {
    case 'arrive':
      adapter = await engine.SQLiteAdapter.open(first, { busyTimeout: PATIENCE_MS })
      return adapter.recordFailure('arrivals', 1_000)
    case 'connect': {
      const handle = /** @type {never} */ (await engine.openHandle(first))
      adapter = new engine.SQLiteAdapter(handle, { busyTimeout: PATIENCE_MS })
      return adapter.recordFailure('arrivals', 1_000)
    }
    case 'schema':
      return schemaOf(first)
    case 'open':
      adapter = await engine.SQLiteAdapter.open(first, { durability: 'process', busyTimeout: PATIENCE_MS })
      return undefined
    case 'hammer':
      return hammer(Number(first), Number(second), Number(third))
    case 'close':
      return adapter.disconnect()
    default:
      throw new Error(`no order is called ${what}`)
  }
})

/** @param {string} path */
async function schemaOf(path) {
  const handle = await engine.openHandle(path)
  const rows = await engine.rows(handle, 'SELECT type, name, sql FROM sqlite_master ORDER BY type, name')
  await engine.closeHandle(handle)
  return JSON.stringify(rows)
}

/**
 * @param {number} calls
 * @param {number} inFlight
 * @param {number} threshold
 */
async function hammer(calls, inFlight, threshold) {
  const counts = []
  const errors = []
  for (let left = calls; left > 0; left -= inFlight) {
    const wave = Array.from({ length: Math.min(left, inFlight) }, () => adapter.recordFailure('api', threshold))
    for (const outcome of await Promise.allSettled(wave)) {
      if (outcome.status === 'fulfilled') counts.push(outcome.value)
      else errors.push(outcome.reason?.code ?? String(outcome.reason))
    }
    const state = await adapter.getState('api')
    if (state === null || state.state !== (state.failureCount >= threshold ? 'open' : 'closed')) {
      errors.push(`the circuit is ${JSON.stringify(state)}`)
    }
  }
  return { counts, errors }
}
