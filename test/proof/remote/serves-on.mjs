import { parentPort, Worker, workerData } from 'node:worker_threads'
import { connectRemote, serve } from '@go-go-scope/persistence-core/remote'

// A thread that is served, and serves on what it was served to a thread of its own; says what that one ends with.
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
