import { engineArgument } from './engine-argument.js'
import { takeOrders } from './orders.js'

const engine = await engineArgument()

// An order is `open <path>` or `handle <path>`: the two ways to an adapter.
await takeOrders(async (order) => {
  const [way, path = ''] = order.split(' ')
  const options = { keyPrefix: 'app:' }
  const adapter =
    way === 'open'
      ? await engine.SQLiteAdapter.open(path, options)
      : new engine.SQLiteAdapter((await engine.openHandle(path)) as never, options)
  await adapter.connect()
  const count = await adapter.recordFailure('arrivals', 1_000)
  const result = await adapter.idempotency.get('pay-1')
  await adapter.disconnect()
  return { count, expiresAt: result?.expiresAt }
})
