import { parentPort, workerData } from 'node:worker_threads'
import { serve } from '@go-go-scope/persistence-core/remote'

// The thread or process that owns a file and serves its parent, which uses the same channel for orders.

const given = workerData ?? JSON.parse(process.argv[2] ?? '{}')
const { engine } = await import(given.engine)
const app = /** @type {any} */ (parentPort ?? process)
const say = (/** @type {object} */ said) => (parentPort ? parentPort.postMessage(said) : process.send?.(said))
const adapter = await engine.SQLiteAdapter.open(given.path, given.options)
const server = serve(adapter)
server.attach(app)

/** @type {Record<string, () => unknown>} */
const orders = {
  close: () => server.close(),
  disconnect: () => adapter.disconnect(),
  exit: () => process.exit(0),
}

app.on('message', async (/** @type {any} */ { order }) => {
  if (orders[order] === undefined) return
  await orders[order]()
  say({ order })
})
say({ order: 'ready' })
