import { engineArgument } from './engine-argument.js'
import { takeOrders } from './orders.js'

const engine = await engineArgument()

// An order is `open <path>`.
await takeOrders(async (order) => {
  const [, path = ''] = order.split(' ')
  const adapter = await engine.SQLiteAdapter.open(path, { keyPrefix: 'app:' })
  const result = await adapter.idempotency.get('pay-1')
  await adapter.disconnect()
  return { expiresAt: result?.expiresAt }
})
