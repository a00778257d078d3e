// participant.mjs <engine>: an order is the URL of a script and its arguments. The script runs and takes orders until the order
// `over`, and ends by itself. No script comes twice, because a module is evaluated once.
import { takeOrders } from '@go-go-scope/persistence-conformance/process'
import { processArguments } from './engine-of-process.mjs'

await takeOrders(async ([script = '', ...given]) => {
  processArguments.splice(0, processArguments.length, ...given)
  await import(script)
})
