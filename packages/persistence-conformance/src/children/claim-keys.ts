import { engineArgument } from './engine-argument.js'
import { takeOrders } from './orders.js'

const engine = await engineArgument()

/**
 * An order is `<path> <keys>`: every key is claimed, or waited for, and its work is to count a failure of the circuit
 * named after it. The answer is what each key's result is.
 */
await takeOrders(async (order) => {
  const [path = '', keys] = order.split(' ')
  const adapter = await engine.SQLiteAdapter.open(path, { durability: 'process', busyTimeout: 30_000 })
  const results = await Promise.all(
    Array.from({ length: Number(keys) }, async (_, key) => {
      const claim = await adapter.idempotency.claim<string>(`k${key}`, { lease: 60_000, wait: 60_000 })
      if (claim.state === 'completed') return claim.value
      if (claim.state !== 'claimed') return claim.state
      await adapter.recordFailure(`k${key}`, 1_000_000)
      const value = `${process.pid}: ${claim.owner}`
      const outcome = await claim.complete(value)
      return outcome.recorded ? value : 'refused'
    }),
  )
  await adapter.disconnect()
  return results
})
