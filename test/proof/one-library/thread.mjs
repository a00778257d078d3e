// A worker thread that opens the file at a given path with an adapter, and closes it when it receives no path.
import { parentPort, workerData } from 'node:worker_threads'

/** @type {{ engine: import('@go-go-scope/persistence-conformance').EngineUnderTest }} */
const { engine } = await import(workerData.module)
/** @type {Awaited<ReturnType<typeof engine.SQLiteAdapter.open>> | undefined} */
let adapter

parentPort?.on('message', async (/** @type {string | null} */ path) => {
  try {
    await adapter?.disconnect()
    adapter = path === null ? undefined : await engine.SQLiteAdapter.open(path)
    await adapter?.cache.set('k', 1)
    parentPort?.postMessage('done')
  } catch (error) {
    parentPort?.postMessage(/** @type {{ code?: string }} */ (error).code ?? String(error))
  }
  if (path === null) parentPort?.close()
})
parentPort?.postMessage('ready')
