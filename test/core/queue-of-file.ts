import type { ManualClock } from '@go-go-scope/persistence-conformance'
import { DatabaseSync } from '@photostructure/sqlite'
import { sqliteDialect } from '../../packages/shared/src/dialects/sqlite/sqlite-dialect.js'
import { Diagnostics } from '../../packages/shared/src/errors/diagnostics.js'
import { AsyncQueue } from '../../packages/shared/src/queue/async-queue.js'
import { BusyRetry } from '../../packages/shared/src/queue/busy-retry.js'
import { ConnectionClock } from '../../packages/shared/src/time/connection-clock.js'
import { databaseSyncDriver } from './database-sync-driver.js'
import { inAnotherThread } from './in-another-thread.js'

/**
 * Makes the queue of a file, whose writes share commits, on an engine that answers later.
 *
 * @param tables SQL that creates the tables
 * @param before called with each statement before it runs; what it throws is the error of the statement
 */
export function queueOfFile(clock: ManualClock, tables: string, before: (sql: string) => void): AsyncQueue {
  const diagnostics = new Diagnostics(sqliteDialect.classify, { system: 'sqlite', engine: 'none', location: '' })
  const database = new DatabaseSync(':memory:')
  database.exec(tables)
  const driver = databaseSyncDriver(database, (sql) => {
    before(sql)
    return undefined
  })
  const queue = new AsyncQueue(inAnotherThread(driver), {
    dialect: sqliteDialect,
    clock: new ConnectionClock(clock),
    diagnostics,
    busyRetry: new BusyRetry(clock, Math.random, diagnostics, 5_000),
    guard: { checkSql: '', needsCheck: () => false, check: () => undefined },
  })
  queue.groupWrites = true
  return queue
}
