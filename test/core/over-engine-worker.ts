import { EventEmitter } from 'node:events'
import { type AsyncDriver, type SyncDriver, systemClock } from '@go-go-scope/persistence-core'
import { StopFlag } from '../../packages/shared/src/dialects/sqlite/thread/stop-flag.js'
import { EngineConnection } from '../../packages/shared/src/dialects/sqlite/threaded-engine/engine-connection.js'
import { EngineWorker } from '../../packages/shared/src/dialects/sqlite/threaded-engine/engine-worker.js'
import { ThreadedDriver } from '../../packages/shared/src/dialects/sqlite/threaded-engine/threaded-driver.js'

/** Makes the driver of an engine in a thread, with both sides in this one. */
export function overEngineWorker(driver: SyncDriver): AsyncDriver {
  const thread = Object.assign(new EventEmitter(), {
    ref: () => undefined,
    unref: () => undefined,
    postMessage: (message: never) => void worker.take(message),
  })
  const send = (event: unknown) => setImmediate(() => thread.emit('message', { event }))
  const worker = new EngineWorker(driver, new StopFlag(), send)
  void worker.closing.then(async () => {
    await worker.finish()
    thread.emit('message', { result: undefined, stays: false })
    thread.emit('exit', 0)
  })
  const startWorker = () => {
    worker.opened()
    return thread
  }
  const input = () => ({ path: '', readOnly: false, settings: [] })
  const source = { startWorker, engine: driver.engine, clock: systemClock, input, file: undefined }
  return new ThreadedDriver(new EngineConnection(source), { name: driver.engine, library: driver.library })
}
