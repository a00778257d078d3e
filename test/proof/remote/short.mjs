import { parentPort, workerData } from 'node:worker_threads'
import { connectRemote } from '@go-go-scope/persistence-core/remote'

// A thread or child that does one thing and returns: nothing but that keeps it alive. 7 says that it came to its end.
const what = workerData?.what ?? process.argv[2]
const connectTimeout = Number(process.argv[3] ?? 10_000)
const peer = workerData?.port ?? parentPort ?? process
if (what === 'subscriptions') {
  // The state with which a subscription begins is asked for in the background.
  for (let times = 0; times < 20; times++) {
    const subscriber = await connectRemote(peer, { connectTimeout })
    subscriber.subscribe('circuit', () => undefined)
    await subscriber.acquire(`${times}`, 60_000)
    await subscriber.disconnect()
  }
  process.exit(7)
}
const adapter = await connectRemote(peer, { connectTimeout })
if (what === 'get') await adapter.cache.get('k')
// Not awaited: a write that is out keeps the process until it is answered.
else void adapter.cache.set('k', what)
