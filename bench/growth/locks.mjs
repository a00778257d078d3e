import { measureCalls } from '../measure.mjs'
import { median } from '../statistics.mjs'
import { TTL } from '../trials/sample.mjs'

/**
 * Measures locks while others are held, in its own process. Argument: `{ engine, contestant, sizes, runs, duration }`. Prints a
 * line of JSON per size: acquire and release per second. The last line has the bytes of heap per held lock, including the handle
 * that its holder keeps. Run it with --expose-gc.
 */
const { engine: engineName, contestant, sizes, runs, duration } = JSON.parse(process.argv[2])
const { engine } = await import(`../engines/${engineName}.mjs`)
const { open } = await import(`../contestants/${contestant}.mjs`)
const { lock } = await open({ engine, path: ':memory:', storage: 'memory' })

const most = sizes.at(-1)
const names = Array.from({ length: most }, (_, at) => `held:${at}`)
const handles = new Array(most).fill(undefined)
const free = Array.from({ length: 64 }, (_, at) => `free:${at}`)
const operation = async (index) => {
  const handle = await lock.acquire(free[index & 63], TTL)
  await handle.release()
}

await measureCalls(operation, 1, 200, 32)
const before = heap()
let held = 0
for (const size of sizes) {
  for (; held < size; held++) handles[held] = await lock.acquire(names[held], TTL)
  const rates = []
  for (let run = 0; run < runs; run++) rates.push(await measureCalls(operation, 1, duration, 32))
  console.log(JSON.stringify({ size, rate: median(rates) }))
}
const bytes = (heap() - before) / held
// Used after the heap was read: V8 collects unused objects, and the handles must count.
if (handles.includes(undefined)) throw new Error('a lock was not acquired')
console.log(JSON.stringify({ bytes }))
process.exit(0)

function heap() {
  if (globalThis.Bun) globalThis.Bun.gc(true)
  else globalThis.gc()
  return process.memoryUsage().heapUsed
}
