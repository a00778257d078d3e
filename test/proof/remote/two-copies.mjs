import { parentPort, workerData } from 'node:worker_threads'
import { connectRemote } from '@go-go-scope/persistence-core/remote'

// A thread or child in which two copies of the package use its owner, one after the other. Nothing keeps it alive after that.

const other = await import(workerData?.other ?? String(process.argv[2]))
for (const connect of [connectRemote, other.connectRemote]) {
  const remote = await connect(/** @type {any} */ (parentPort ?? process))
  await remote.cache.set(connect === connectRemote ? 'one' : 'other', true)
  await remote.disconnect()
}
