import { performance } from 'node:perf_hooks'

/**
 * Measures how long reads wait while expired rows are removed, in its own process. Argument: `{ engine, path, size }`. Prints a
 * line of JSON: the seconds of `prune`, and the p50, the p99 and the longest of the reads made meanwhile, in ms.
 */
const { engine: engineName, path, size } = JSON.parse(process.argv[2])
const { engine } = await import(`../engines/${engineName}.mjs`)

const TTL = 3_600_000
const CHUNK = 1000
const VALUE = { name: 'Ada Lovelace', active: true, score: 1.5, tags: ['reader', 'writer'] }

let ahead = 0
const clock = {
  now: () => Date.now() + ahead,
  monotonic: () => performance.now() + ahead,
  setTimer(callback, delay, options) {
    const timer = setTimeout(callback, delay)
    if (!options?.keepAlive) timer.unref()
    return () => clearTimeout(timer)
  },
}

const adapter = await engine.openAdapter(path, { durability: 'process', clock })
// Scattered like real keys: rows written one after the other are not adjacent in the table.
const keyAt = (index) => `row:${((index * 7919) % 1_000_003).toString(36)}`
for (let rows = 0; rows < size; rows += CHUNK) {
  await adapter.setMany(
    Array.from({ length: CHUNK }, (_, at) => [keyAt(rows + at), VALUE]),
    TTL,
  )
}
await adapter.set('read meanwhile', VALUE)
ahead = 2 * TTL

let pruning = true
const waits = []
const reads = (async () => {
  while (pruning) {
    const asked = performance.now()
    // In a later turn, like another request of the app.
    await new Promise((resolve) => setImmediate(resolve))
    await adapter.get('read meanwhile')
    waits.push(performance.now() - asked)
  }
})()
const began = performance.now()
const { cache } = await adapter.prune()
const seconds = (performance.now() - began) / 1000
pruning = false
await reads
if (cache !== size) throw new Error(`${cache} of ${size} rows were removed`)
waits.sort((a, b) => a - b)
const middle = waits[Math.floor(waits.length / 2)]
console.log(JSON.stringify({ seconds, middle, usual: waits[Math.floor(waits.length * 0.99)], longest: waits.at(-1) }))
process.exit(0)
