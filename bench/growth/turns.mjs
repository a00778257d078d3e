import { pairedRatio, quantile } from '../statistics.mjs'
import { watchTimers } from './late-timers.mjs'

/**
 * Measures how loops of awaited reads affect the event loop, in its own process. Argument: `{ engine, loops, runs, duration }`.
 * Prints a line of JSON: how late timers fire meanwhile (p99 and longest, in ms), and the part of the rate that is kept, relative
 * to the same adapter with a stopped clock, which gives the event loop no turn.
 */
const { engine: engineName, loops, runs, duration } = JSON.parse(process.argv[2])
const { engine } = await import(`../engines/${engineName}.mjs`)

const standing = { now: Date.now, monotonic: () => 0, setTimer: () => () => undefined }
const ours = await engine.openAdapter(':memory:', {})
const other = await engine.openAdapter(':memory:', { clock: standing })
const late = []

for (const adapter of [ours, other]) {
  await adapter.cache.set('k', { some: 'value' })
  await rate(adapter.cache, 300)
}
late.length = 0
const kept = []
const without = []
for (let run = 0; run < runs; run++) {
  for (const mine of run % 2 === 0 ? [true, false] : [false, true]) {
    const timer = mine ? watchTimers(late) : undefined
    const calls = await rate(mine ? ours.cache : other.cache, duration)
    clearInterval(timer)
    ;(mine ? kept : without).push(calls)
  }
}
console.log(
  JSON.stringify({ late: quantile(late, 0.99), longest: quantile(late, 1), kept: pairedRatio(kept, without) }),
)
process.exit(0)

/** Returns calls per ms. The turn after the last call counts, because the JavaScript engine cleans up in it. */
async function rate(cache, ms) {
  const began = performance.now()
  let calls = 0
  let ended = false
  async function loop() {
    while (!ended) {
      await cache.get('k')
      if (++calls % 32 === 0 && performance.now() - began >= ms) ended = true
    }
  }
  await Promise.all(Array.from({ length: loops }, loop))
  await new Promise((resolve) => setImmediate(resolve))
  return calls / (performance.now() - began)
}
