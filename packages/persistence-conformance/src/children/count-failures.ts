import { engineArgument } from './engine-argument.js'
import { takeOrders } from './orders.js'

const engine = await engineArgument()

// An order is `<path> <calls> <in flight>`; the answer is the count that each call was given.
await takeOrders(async (order) => {
  const [path = '', calls, inFlight] = order.split(' ')
  const adapter = await engine.SQLiteAdapter.open(path, { durability: 'process', busyTimeout: 30_000 })
  const counts: number[] = []
  while (counts.length < Number(calls)) {
    const wave = Math.min(Number(inFlight), Number(calls) - counts.length)
    counts.push(...(await Promise.all(Array.from({ length: wave }, () => adapter.recordFailure('api', 1_000_000)))))
  }
  await adapter.disconnect()
  return counts
})
