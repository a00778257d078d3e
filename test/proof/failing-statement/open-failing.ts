import {
  type Clock,
  defineFrontEnd,
  type OpenOptions,
  type SqlDriver,
  type SqliteAdapter,
  systemClock,
} from '@go-go-scope/persistence-core'
import { engine } from '../../cells/cell.js'
import { driverOf } from './driver-of.js'
import { failingDriver } from './failing-driver.js'
import type { FaultPlan } from './fault-plan.js'

// Stands still, so that equal calls leave equal rows; pauses between retries are real.
const clock: Clock = { now: () => 1_700_000_000_000, monotonic: () => 1_000, setTimer: systemClock.setTimer }

export interface Failing {
  adapter: SqliteAdapter
  /** The driver under the failing one. */
  driver: SqlDriver
}

/** Opens a database like a front end on the cell's engine, with a driver that fails as `plan` says. */
export async function openFailing(path: string, plan: FaultPlan): Promise<Failing> {
  let driver: SqlDriver | undefined
  const { SQLiteAdapter } = defineFrontEnd<object, OpenOptions>({
    driver(handle) {
      driver = driverOf(handle as never)
      // `load` identifies the library by the same name.
      return { ...failingDriver(driver, plan), library: engine.name }
    },
    load: async () => ({
      name: engine.name,
      library: engine.name,
      open: () => engine.openHandle(path),
    }),
  })
  const options = { locks: 'database', durability: 'process', clock, random: () => 0.5 } as const
  const adapter = await SQLiteAdapter.open(path, options)
  return { adapter, driver: driver as unknown as SqlDriver }
}
