import { parentPort, workerData } from 'node:worker_threads'
import { connectRemote } from '@go-go-scope/persistence-core/remote'

// A thread or child that uses its owner before each message for which it waits. It ends once it has received the last one.
const app = /** @type {any} */ (parentPort ?? process)
const say = (/** @type {string} */ what) => (parentPort ? parentPort.postMessage(what) : process.send?.(what))
for (const connected of workerData?.connected ?? JSON.parse(String(process.argv[2]))) {
  const adapter = await connectRemote(app)
  await adapter.cache.set('connected', connected)
  if (!connected) await adapter.disconnect()
  say('waits')
  await new Promise((resolve) => app.once('message', resolve))
}
