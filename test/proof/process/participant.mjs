// participant.mjs <engine>: an order is the URL of another script and its arguments, which runs until it has ended by itself; it
// takes orders meanwhile, until the order `over`. No script comes twice, because a module is evaluated once.
import { takeOrders } from '@go-go-scope/persistence-conformance/process'
import { processArguments } from './engine-of-process.mjs'

await takeOrders(async ([script = '', ...given]) => {
  processArguments.splice(0, processArguments.length, ...given)
  await import(script)
})
