export { type Ending, LineProcess, type LineProcessOptions, withProcesses } from './line-process.js'
export { OVER, say, takeOrders } from './take-orders.js'
