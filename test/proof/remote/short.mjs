import { parentPort, workerData } from 'node:worker_threads'
import { connectRemote } from '@go-go-scope/persistence-core/remote'

// A thread or child that does one thing and returns; only that can keep it alive. Exit code 7 means that it reached its end.
const what = workerData?.what ?? process.argv[2]
const connectTimeout = Number(process.argv[3] ?? 10_000)
const peer = workerData?.port ?? parentPort ?? process
if (what === 'subscriptions') {
  // The initial state of a subscription is read in the background.
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
// Not awaited: an unanswered write keeps the process alive.
else void adapter.cache.set('k', what)
