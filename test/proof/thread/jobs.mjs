import { createRequire, syncBuiltinESMExports } from 'node:module'
import { parentPort } from 'node:worker_threads'

// A thread that runs one job after another, each as if in its own thread: the front end's module is evaluated for each job, and
// its `parentPort` and `workerData` are those of the job.
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
