import cluster from 'node:cluster'
import { connectRemote, serve } from '@go-go-scope/persistence-core/remote'

// A primary owns a file, and two workers count under one lock. Prints the count.
if (cluster.isPrimary) {
  const [, , module, path] = process.argv
  const { engine } = await import(/** @type {string} */ (module))
  const adapter = await engine.SQLiteAdapter.open(path)
  const server = serve(adapter)
  // Attached as its process, a worker is the same end of the same channel.
  const refusals = /** @type {string[]} */ ([])
  const ended = Array.from({ length: 2 }, () => {
    const worker = cluster.fork()
    server.attach(/** @type {any} */ (worker))
    try {
      server.attach(/** @type {any} */ (worker.process))
    } catch (error) {
      refusals.push(/** @type {any} */ (error).code)
    }
    return new Promise((resolve) => worker.on('exit', resolve))
  })
  const codes = await Promise.all(ended)
  console.log(JSON.stringify({ refusals, codes, count: await adapter.cache.get('count'), clients: server.clients() }))
  await server.close()
  await adapter.disconnect()
} else {
  const adapter = await connectRemote(/** @type {any} */ (process))
  for (let times = 0; times < 25; ) {
    const lock = await adapter.acquire('counting', 60_000)
    if (lock === null) {
      await new Promise((resolve) => setTimeout(resolve, 1))
      continue
    }
    await adapter.cache.set('count', Number(await adapter.cache.get('count')) + 1)
    await lock.release()
    times++
  }
  await adapter.disconnect()
  process.disconnect()
}
