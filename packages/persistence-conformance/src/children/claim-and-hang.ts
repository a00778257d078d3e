import { engineArgument } from './engine-argument.js'
import { takeOrders } from './orders.js'

const engine = await engineArgument()

/** An order is `<path> <lease>`: claims the key `k`, takes a probe's place in the circuit `api`, and reports neither. */
await takeOrders(async (order) => {
  const [path = '', lease] = order.split(' ')
  const adapter = await engine.SQLiteAdapter.open(path)
  const claim = await adapter.idempotency.claim('k', { lease: Number(lease) })
  const admission = await adapter.circuitBreaker.admit('api', { resetTimeout: 0, lease: Number(lease) })
  return [claim.state, admission.state, admission.admitted]
})
