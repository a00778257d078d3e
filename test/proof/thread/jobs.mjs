import { createRequire, syncBuiltinESMExports } from 'node:module'
import { parentPort } from 'node:worker_threads'

// A thread that does one job after the other as if each were in a thread that was started for it: the module of a front
// end, which is evaluated for each, sees the port and the data of its job in the place of those of this thread.
const threads = createRequire(import.meta.url)('node:worker_threads')
let jobs = 0
let begun = Promise.resolve()

parentPort?.on('message', ({ module, port, workerData }) => {
  begun = begun.then(async () => {
    Object.assign(threads, { parentPort: port, workerData })
    syncBuiltinESMExports()
    await import(`${module}?job=${++jobs}`)
  })
})
