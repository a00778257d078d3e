import { parentPort, workerData } from 'node:worker_threads'
import { connectRemote } from '@go-go-scope/persistence-core/remote'

// A thread or child that does one thing and returns: nothing but that keeps it alive.
const what = workerData?.what ?? process.argv[2]
const connectTimeout = Number(process.argv[3] ?? 10_000)
const adapter = await connectRemote(workerData?.port ?? parentPort ?? process, { connectTimeout })
if (what === 'get') await adapter.cache.get('k')
// Not awaited: a write that is out keeps the process until it is answered.
else void adapter.cache.set('k', what)
