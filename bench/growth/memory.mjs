import { trial } from '../trials/cache-mixed.mjs'

/**
 * Measures the memory of a million operations, in its own process. Argument: `{ engine, contestant, calls }`. Prints bytes: the
 * heap that stays, and the peak of memory above the start. Run it with --expose-gc.
 */
const { engine: engineName, contestant, calls } = JSON.parse(process.argv[2])
const { engine } = await import(`../engines/${engineName}.mjs`)
const { open } = await import(contestant)
const store = await open({ engine, path: ':memory:', storage: 'memory' })
await trial.fill(store)
const operation = trial.one(store)

let most = 0
await run(20_000)
const heapBefore = heap()
const residentBefore = process.memoryUsage().rss
most = residentBefore
await run(calls)
console.log(JSON.stringify({ heap: Math.max(0, heap() - heapBefore), resident: most - residentBefore }))
process.exit(0)

async function run(count) {
  let next = 0
  async function caller() {
    while (next < count) {
      const index = next++
      if (index % 1000 === 0) most = Math.max(most, process.memoryUsage.rss())
      await operation(index)
    }
  }
  await Promise.all(Array.from({ length: 100 }, caller))
}

function heap() {
  if (globalThis.Bun) globalThis.Bun.gc(true)
  else globalThis.gc()
  return process.memoryUsage().heapUsed
}
