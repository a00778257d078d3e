import { parentPort, workerData } from 'node:worker_threads'

// A thread or process that is an owner or a client with the release in `module`; it reports the outcome.
const { module, role, path } = workerData ?? JSON.parse(process.argv[2] ?? '{}')
const { SQLiteAdapter, connectRemote, serve } = await import(module)
const app = /** @type {any} */ (parentPort ?? process)
const say = (/** @type {object} */ told) => (parentPort ? parentPort.postMessage(told) : process.send?.(told))

if (role === 'owner') {
  const adapter = await SQLiteAdapter.open(path)
  await adapter.cache.set('of the owner', 1)
  const server = serve(adapter)
  server.attach(app)
  app.on('message', async (/** @type {any} */ { order }) => {
    if (order !== 'end') return
    // The owner continues, whatever the client was.
    const value = await adapter.cache.get('of the owner')
    const clients = server.clients().length
    await server.close()
    await adapter.disconnect()
    say({ told: { value, clients } })
  })
  say({ told: 'ready' })
} else {
  try {
    const adapter = await connectRemote(app)
    await adapter.cache.set('of a client', 2)
    say({ told: { value: await adapter.cache.get('of the owner') } })
    await adapter.disconnect()
  } catch (error) {
    const { code, message } = /** @type {any} */ (error)
    say({ told: { code, message } })
  }
}
