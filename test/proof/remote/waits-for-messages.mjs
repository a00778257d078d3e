import { parentPort, workerData } from 'node:worker_threads'
import { connectRemote } from '@go-go-scope/persistence-core/remote'

// A thread or child that waits for messages, and ends once it has received the last one. Before each it uses its owner and stays
// connected (true) or not (false), or does not use it (null).
const app = /** @type {any} */ (parentPort ?? process)
const say = (/** @type {string} */ what) => (parentPort ? parentPort.postMessage(what) : process.send?.(what))
for (const connected of workerData?.connected ?? JSON.parse(String(process.argv[2]))) {
  if (connected !== null) {
    const adapter = await connectRemote(app)
    await adapter.cache.set('connected', connected)
    if (!connected) await adapter.disconnect()
  }
  say('waits')
  await new Promise((resolve) => app.once('message', resolve))
}
