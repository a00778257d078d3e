import { takeOrders } from '../process/take-orders.js'
import { engineArgument } from './engine-argument.js'

const engine = await engineArgument()

// An order is `open <path>`.
await takeOrders(async ([, path = '']) => {
  const adapter = await engine.SQLiteAdapter.open(path, { keyPrefix: 'app:' })
  const result = await adapter.idempotency.get('pay-1')
  await adapter.disconnect()
  return { expiresAt: result?.expiresAt }
})
