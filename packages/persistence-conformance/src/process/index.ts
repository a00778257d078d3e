export { type Ending, LineProcess, type LineProcessOptions, withProcesses } from './line-process.js'
export { say, takeOrders } from './take-orders.js'
