import { parentPort, Worker, workerData } from 'node:worker_threads'
import { connectRemote, serve } from '@go-go-scope/persistence-core/remote'

// A client thread that serves its adapter to its own thread, and reports that thread's exit code.
const adapter = await connectRemote(workerData.port)
const server = serve(adapter)
const port = /** @type {any} */ (server.createPort())
const thread = new Worker(new URL('short.mjs', import.meta.url), {
  workerData: { port, what: 'of a grandchild' },
  transferList: [port],
})
const code = await new Promise((resolve) => thread.on('exit', resolve))
await server.close()
await adapter.disconnect()
parentPort?.postMessage(code)
