import { TTL } from '../trials/sample.mjs'

/**
 * Measures locks of names that were never locked while others are held, in its own process, and a bare Map for comparison.
 * Argument: `{ engine, sizes, fresh, runs }`. Prints a line of JSON: acquires per second of each run, by contestant and number of
 * locks held. Run it with --expose-gc.
 */
const { engine: engineName, sizes, fresh, runs } = JSON.parse(process.argv[2])
const { engine } = await import(`../engines/${engineName}.mjs`)
const { open } = await import('../contestants/ours.mjs')

const contestants = { ours, 'bare Map': bareMap }
const rates = Object.fromEntries(
  Object.keys(contestants).map((name) => [name, Object.fromEntries(sizes.map((size) => [size, []]))]),
)

for (let run = -1; run < runs; run++) {
  for (const size of sizes) {
    // Interleaved, so that other load on the machine affects both.
    const order = Object.keys(contestants)
    if (run % 2 !== 0) order.reverse()
    for (const name of order) {
      const rate = await measure(await contestants[name](), size)
      // The first run is not counted: the JavaScript engine compiles during it.
      if (run >= 0) rates[name][size].push(rate)
    }
  }
}
console.log(JSON.stringify(rates))
process.exit(0)

async function measure({ acquire, close }, size) {
  const held = Array.from({ length: size }, (_, at) => `held:${at}`)
  const names = Array.from({ length: fresh }, (_, at) => `fresh:${at}`)
  const handles = new Array(size + fresh).fill(undefined)
  for (let at = 0; at < size; at++) handles[at] = await acquire(held[at])
  collect()
  const began = performance.now()
  for (let at = 0; at < fresh; at++) handles[size + at] = await acquire(names[at])
  const rate = (fresh / (performance.now() - began)) * 1000
  if (handles.includes(null)) throw new Error('a lock was not acquired')
  await close()
  return rate
}

/** Each measurement has its own adapter, so that none is affected by what another left. */
async function ours() {
  const { adapter, lock } = await open({ engine, path: ':memory:', storage: 'memory' })
  return { acquire: (name) => lock.acquire(name, TTL), close: () => adapter.disconnect() }
}

/** The minimum of a lock: a lookup and an entry with its end. */
function bareMap() {
  const held = new Map()
  async function acquire(name) {
    const now = performance.now()
    const holder = held.get(name)
    if (holder !== undefined && holder.expiresAt > now) return null
    const mine = { owner: name, expiresAt: now + TTL }
    held.set(name, mine)
    return mine
  }
  return { acquire, close: () => held.clear() }
}

function collect() {
  if (globalThis.Bun) globalThis.Bun.gc(true)
  else globalThis.gc()
}
