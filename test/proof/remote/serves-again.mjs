import { setTimeout } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { serve } from '@go-go-scope/persistence-core/remote'

// An owner that serves its parent three times. The first server closes while the parent holds a lock, the second one when the parent
// has disconnected. In the end only the third one keeps it alive.

const parent = /** @type {any} */ (parentPort ?? process)
const { engine } = await import(workerData ?? process.argv[2])
const adapter = await engine.SQLiteAdapter.open(':memory:')
const before = serve(adapter)
before.attach(parent)
if (parentPort) parentPort.postMessage('serves')
else process.send?.('serves')
while (before.clients()[0]?.locks !== 1) await setTimeout(1)
await before.close()
const again = serve(adapter)
again.attach(parent)
while ((await adapter.acquire('job', 1)) === null) await setTimeout(1)
await adapter.cache.set('freed', true)
while (again.clients().length === 0) await setTimeout(1)
while (again.clients().length > 0) await setTimeout(1)
await again.close()
serve(adapter).attach(parent)
