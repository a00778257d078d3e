import type { SqlDriver } from '@go-go-scope/persistence-core'
import { cell } from '../../cells/cell.js'

// Front ends do not export their drivers, but this proof tests what the core does with each of them.
const DRIVERS: Readonly<Record<typeof cell.engine, () => Promise<(handle: never) => SqlDriver>>> = {
  sqlite3: async () => {
    const { Sqlite3Driver } = await import('../../../packages/persistence-sqlite/src/sqlite3-driver.js')
    return (handle) => new Sqlite3Driver(handle)
  },
  'bun:sqlite': async () => {
    const { BunDriver } = await import('../../../packages/persistence-sqlite-bun/src/bun-driver.js')
    return (handle) => new BunDriver(handle)
  },
  'node:sqlite': databaseSyncDriver,
  '@photostructure/sqlite': databaseSyncDriver,
}

async function databaseSyncDriver(): Promise<(handle: never) => SqlDriver> {
  const { DatabaseSyncDriver } = await import('../../../packages/persistence-sqlite-node/src/database-sync-driver.js')
  return (handle) => new DatabaseSyncDriver(handle)
}

/** Returns the driver of this cell's engine for one of its handles. */
export const driverOf: (handle: never) => SqlDriver = await DRIVERS[cell.engine]()
