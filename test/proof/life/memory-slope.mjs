// memory-slope.mjs <engine> <path> <operations>: prints how many bytes of memory this many operations add, after a warm-up with
// twice as many.

import { say } from '@go-go-scope/persistence-conformance/process'
import { engine, processArguments } from '../process/engine-of-process.mjs'

const [path = '', operations] = processArguments
const WAVE = 50

async function memory() {
  // Twice, because the memory of a native object is freed only after the collection that found it.
  for (let time = 0; time < 2; time++) {
    if (process.versions.bun === undefined) globalThis.gc?.()
    else Bun.gc(true)
    await new Promise((resolve) => setImmediate(resolve))
  }
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
// Uncollected objects vary, so the lower of two readings counts; a leak is in both.
await work()
await work()
const readings = [await memory()]
while (readings.length < 4) {
  await work()
  readings.push(await memory())
}
const [first = 0, second = 0, third = 0, fourth = 0] = readings
const added = (Math.min(third, fourth) - Math.min(first, second)) / 2
await adapter.disconnect()
say({ added })
