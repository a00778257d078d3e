export { difference } from '../samples/difference.js'
export { make } from '../samples/sample.js'
export { type Ending, LineProcess, type LineProcessOptions, withProcesses } from './line-process.js'
export { OVER, say, takeOrders } from './take-orders.js'
