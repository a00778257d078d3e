// recorder.mjs <engine>: an order `open <path>` opens the file, `hammer <calls> <in flight>` records failures of one
// circuit as fast as it can and answers with every count it was given and every error.

import { takeOrders } from '@go-go-scope/persistence-conformance/process'
import { engine } from '../process/engine-of-process.mjs'

const PATIENCE_MS = 60_000
/** @type {Awaited<ReturnType<typeof engine.SQLiteAdapter.open>>} */
let adapter

await takeOrders(async ([what, first = '', second]) => {
  if (what === 'open') {
    adapter = await engine.SQLiteAdapter.open(first, { durability: 'process', busyTimeout: PATIENCE_MS })
    return undefined
  }
  const counts = []
  const errors = []
  const [threshold, calls, inFlight] = [Number(process.env.THRESHOLD), Number(first), Number(second)]
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
  await adapter.disconnect()
  return { counts, errors }
})
