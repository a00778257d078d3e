import { engineArgument } from './engine-argument.js'
import { takeOrders } from './orders.js'

const engine = await engineArgument()

/** An order is `<path> <calls> <probes>`; the answer is how many calls were admitted. */
await takeOrders(async (order) => {
  const [path = '', calls, probes] = order.split(' ')
  const adapter = await engine.SQLiteAdapter.open(path, { durability: 'process', busyTimeout: 30_000 })
  const options = { resetTimeout: 0, probes: Number(probes), lease: 3_600_000 }
  let admitted = 0
  for (let call = 0; call < Number(calls); call++) {
    if ((await adapter.circuitBreaker.admit('api', options)).admitted) admitted++
  }
  await adapter.disconnect()
  return admitted
})
