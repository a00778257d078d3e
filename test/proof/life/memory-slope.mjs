// memory-slope.mjs <engine> <path> <operations>: says how many bytes of memory so many operations added, after as many
// that warmed up.
import { engine, processArguments } from '../process/engine-of-process.mjs'
import { say } from '../process/take-orders.mjs'

const [path = '', operations] = processArguments
const WAVE = 50

function memory() {
  if (process.versions.bun === undefined) globalThis.gc?.()
  else Bun.gc(true)
  return process.memoryUsage.rss()
}

const adapter = await engine.SQLiteAdapter.open(path, { durability: 'process', locks: 'database' })
async function work() {
  for (let number = 0; number < Number(operations); number += WAVE) {
    await Promise.all(
      Array.from({ length: WAVE }, (_, at) => {
        const key = `k${(number + at) % 500}`
        switch (at % 5) {
          case 0:
            return adapter.cache.set(key, { number })
          case 1:
            return adapter.cache.get(key)
          case 2:
            return adapter.recordFailure(key, 5)
          case 3:
            return adapter.idempotency.set(key, number)
          default:
            return adapter.lock.acquire(key, 60_000).then((handle) => handle?.release())
        }
      }),
    )
  }
}
await work()
const before = memory()
await work()
const added = memory() - before
await adapter.disconnect()
say({ added })
