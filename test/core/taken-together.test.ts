import { DatabaseSync } from '@photostructure/sqlite'
import { expect, test } from 'vitest'
import { LogWatch } from '../../packages/shared/src/dialects/sqlite/file/log-watch.js'
import { Diagnostics } from '../../packages/shared/src/errors/diagnostics.js'
import { AsyncQueue } from '../../packages/shared/src/queue/async-queue.js'
import { Patience } from '../../packages/shared/src/queue/busy-retry.js'
import type { Statement } from '../../packages/shared/src/queue/statement.js'
import { ConnectionClock } from '../../packages/shared/src/time/connection-clock.js'
import { databaseSyncDriver } from './database-sync-driver.js'
import { inAnotherThread } from './in-another-thread.js'
import { settled, WatchedClock } from './watched-clock.js'

const statement = (name: string, sql: string): Statement<'none'> => ({
  name,
  kind: 'write',
  rows: 'none',
  clocked: false,
  sql,
})

const RENEW: Statement<'none'> = { ...statement('renew', 'UPDATE leases SET until = ?1'), background: true }
const SET = statement('set', 'INSERT INTO entries VALUES (?1)')

test('an awaited call keeps the process alive behind a background one that it was taken with', async () => {
  const clock = new WatchedClock()
  const diagnostics = new Diagnostics()
  const database = new DatabaseSync(':memory:')
  database.exec('CREATE TABLE leases (until INTEGER); CREATE TABLE entries (value INTEGER)')
  let [busy, broken] = [false, true]
  const driver = databaseSyncDriver(database, (sql) => {
    if (sql === RENEW.sql && busy) throw Object.assign(new Error('database is locked'), { errcode: 5 })
    if (sql === SET.sql && broken) {
      // The group fails once; the database is busy when its parts are tried.
      broken = false
      busy = true
      throw Object.assign(new Error('disk I/O error'), { errcode: 10 })
    }
    return undefined
  })
  const patience = new Patience(clock, Math.random, diagnostics, 5_000)
  const log = new LogWatch(clock, () => undefined)
  const queue = new AsyncQueue(inAnotherThread(driver), new ConnectionClock(clock), patience, diagnostics, log)
  queue.groupWrites = true
  const renewed = queue.execute(RENEW, [1], () => undefined)
  const written = queue.execute(SET, [1], () => 'written')
  await settled()
  expect(busy).toBe(true)
  expect(clock.keepsAlive).toBe(true)
  busy = false
  await clock.advance(50)
  await renewed
  expect(await written).toBe('written')
  expect(clock.keepsAlive).toBe(false)
})
