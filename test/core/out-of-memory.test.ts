import { join } from 'node:path'
import { SqliteAdapter, type SyncDriver } from '@go-go-scope/persistence-core'
import { DatabaseSync } from '@photostructure/sqlite'
import { expect, test } from 'vitest'
import { StopFlag } from '../../packages/shared/src/dialects/sqlite/thread/stop-flag.js'
import { command } from '../../packages/shared/src/dialects/sqlite/threaded-engine/commands.js'
import { EngineWorker } from '../../packages/shared/src/dialects/sqlite/threaded-engine/engine-worker.js'
import { temporaryFolder } from '../harness/temporary-folder.js'
import { databaseSyncDriver } from './database-sync-driver.js'
import { inAnotherThread } from './in-another-thread.js'

const FAILING = 'INSERT INTO own VALUES (1)'

/** Opens a file on an engine that has no memory, while `exhausted` is set, for its app's statement or for preparing any. */
function engineWithoutMemory() {
  const path = join(temporaryFolder('out-of-memory'), 'app.db')
  const database = new DatabaseSync(path)
  database.exec('CREATE TABLE own (value INTEGER)')
  const engine = { exhausted: false }
  const check = (fails: boolean): undefined => {
    if (engine.exhausted && fails) throw Object.assign(new Error('out of memory'), { errcode: 7 })
  }
  const driver = databaseSyncDriver(database, (sql) => check(sql === FAILING))
  const prepare = (sql: string) => {
    check(true)
    return driver.prepare(sql)
  }
  const committed = (table: string): unknown =>
    new DatabaseSync(path).prepare(`SELECT count(*) AS rows FROM ${table}`).get()
  return { engine, driver: { ...driver, prepare } as SyncDriver, committed }
}

test.each([
  ['a synchronous engine', (driver: SyncDriver) => driver],
  ['an asynchronous engine', (driver: SyncDriver) => inAnotherThread(driver)],
])('%s: a write after a transaction that ran out of memory is committed', async (_, made) => {
  const { engine, driver, committed } = engineWithoutMemory()
  const adapter = new SqliteAdapter(driver, () => made(driver), { locks: 'database' })
  await adapter.connect()
  await adapter.cache.set('before', 1)
  const lock = await adapter.lock.acquire('job', 60_000)
  engine.exhausted = true
  await expect(adapter.fenced(lock as never, [{ sql: FAILING }])).rejects.toMatchObject({ code: 'SQL' })
  engine.exhausted = false
  await adapter.cache.set('after', 1)
  expect(committed('go_goscope_cache')).toEqual({ rows: 2 })
  await adapter.disconnect()
})

test('an engine in a thread: a write after a transaction that ran out of memory is committed', async () => {
  const { engine, driver, committed } = engineWithoutMemory()
  const worker = new EngineWorker(driver, new StopFlag(), () => undefined)
  const controls = ['BEGIN IMMEDIATE', 'COMMIT', 'ROLLBACK'].flatMap((sql, number) => [command.declare, number, sql])
  const transaction = (sql: string) => [command.transact, 1, 0, 1, 2, 1, sql, null, 0]
  await worker.take([...controls, ...transaction('INSERT INTO own VALUES (2)')])
  engine.exhausted = true
  await worker.take(transaction(FAILING))
  engine.exhausted = false
  await worker.take([command.run, 2, 'INSERT INTO own VALUES (3)', 0])
  expect(committed('own')).toEqual({ rows: 2 })
  await worker.finish()
})
