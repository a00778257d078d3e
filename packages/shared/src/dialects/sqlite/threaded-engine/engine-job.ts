import type { Item } from '../../../remote/wire/protocol.js'
import { withEmptiedLog } from '../engine/emptied-log.js'
import type { Job } from '../thread/run-job.js'
import type { EngineInput } from './commands.js'
import { EngineWorker } from './engine-worker.js'

/** Opens one connection, and runs commands on it until it receives the command to close it. */
export const engineJob: Job = async ({ path, readOnly, settings }: EngineInput, { engine, stop, tell, listen }) => {
  const driver = withEmptiedLog(engine.driver(await engine.open(path, readOnly)), readOnly)
  const worker = new EngineWorker(driver, stop, tell)
  try {
    for (const sql of settings) await driver.query(sql, [])
    // Only `close` stops the job. The exit of the process stops it by the flag.
    listen((message) => void worker.take(message as readonly Item[]))
    worker.opened()
    await worker.closing
  } finally {
    await worker.finish()
  }
}
