import type { Item } from '../../../remote/protocol.js'
import { sqliteDialect } from '../sqlite-dialect.js'
import type { Job } from '../thread/run-job.js'
import { EngineDesk } from './engine-desk.js'
import type { EngineInput } from './words.js'

/** Opens one connection and does with it what the thread is told, until that is to close it. */
export const engineJob: Job = async ({ path, readOnly, settings }: EngineInput, { engine, stop, tell, listen }) => {
  const driver = sqliteDialect.adopt(engine.driver(await engine.open(path, readOnly)), readOnly)
  const desk = new EngineDesk(driver, stop, tell)
  try {
    for (const sql of settings) await driver.query(sql, [])
    // It is never asked to stop but by closing; the end of the process asks by a flag.
    listen((message) => void desk.take(message as readonly Item[]))
    desk.opened()
    await desk.closing
  } finally {
    await desk.finish()
  }
}
