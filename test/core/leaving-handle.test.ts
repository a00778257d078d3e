import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AsyncDriver, SqliteAdapter } from '@go-go-scope/persistence-core'
import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite'
import { SQLiteAdapter as NodeAdapter, restore } from '@go-go-scope/persistence-sqlite-node'
import { DatabaseSync } from '@photostructure/sqlite'
import sqlite3 from 'sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { databaseSyncDriver } from './database-sync-driver.js'
import { inAnotherThread } from './in-another-thread.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'leaving-handle-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Makes a driver whose handle refuses to close the first `refusals` times. */
function refusingToClose(database: InstanceType<typeof DatabaseSync>, refusals: number) {
  const driver = databaseSyncDriver(database, () => undefined)
  let closes = 0
  const close = () => {
    closes++
    if (closes <= refusals) throw Object.assign(new Error('unable to close'), { errcode: 5 })
    driver.close()
  }
  return { driver: { ...driver, close }, closes: () => closes }
}

test('a handle keeps the app’s timeout for other writers when its first connect was refused', async () => {
  const path = join(folder, 'app.db')
  const other = new SQLiteAdapter(new sqlite3.Database(path))
  await other.connect()
  const database = new DatabaseSync(path)
  database.exec('PRAGMA busy_timeout = 777')
  const adapter = new NodeAdapter(database, { closeOnDisconnect: false, busyTimeout: 2.5 })
  await expect(adapter.connect()).rejects.toMatchObject({ code: 'SECOND_LIBRARY' })
  await other.disconnect()
  await adapter.connect()
  expect(database.prepare('PRAGMA busy_timeout').get(), 'at most that of the adapter').toEqual({ timeout: 2 })
  await adapter.disconnect()
  expect(database.prepare('PRAGMA busy_timeout').get()).toEqual({ timeout: 777 })
  database.close()
})

test('the error of a disconnect that cannot restore the settings of a handle names disconnect', async () => {
  let fails = false
  const handle = new DatabaseSync(':memory:')
  const driver = databaseSyncDriver(handle, (sql) => {
    if (fails && sql.startsWith('PRAGMA busy_timeout'))
      throw Object.assign(new Error('disk I/O error'), { errcode: 10 })
    return undefined
  })
  const adapter = new SqliteAdapter(handle, () => driver, { closeOnDisconnect: false })
  await adapter.connect()
  fails = true
  await expect(adapter.disconnect()).rejects.toMatchObject({ code: 'IO_ERROR', operation: 'disconnect' })
  fails = false
  await adapter.disconnect()
})

describe('a handle that could not be closed', () => {
  test('is closed by the next disconnect, of whichever adapter was the last', async () => {
    const { driver, closes } = refusingToClose(new DatabaseSync(':memory:'), 2)
    const adapter = new SqliteAdapter(driver, () => driver)
    await adapter.cache.set('k', 1)
    await expect(adapter.disconnect()).rejects.toMatchObject({
      code: 'SQL',
      message: expect.stringContaining('finalize'),
    })
    await expect(adapter.cache.get('k')).rejects.toMatchObject({ code: 'CLOSED' })
    await expect(adapter.connect()).rejects.toMatchObject({ code: 'CLOSED' })
    const racing = [adapter.disconnect(), adapter.disconnect()]
    expect((await Promise.allSettled(racing)).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(closes(), 'calls at once share a try').toBe(2)
    await adapter.disconnect()
    await adapter.disconnect()
    expect(closes()).toBe(3)
  })

  test('keeps the app’s timeout for other writers', async () => {
    const database = new DatabaseSync(':memory:')
    database.exec('PRAGMA busy_timeout = 777')
    const { driver } = refusingToClose(database, 1)
    const adapter = new SqliteAdapter(driver, () => driver)
    await adapter.cache.set('k', 1)
    await expect(adapter.disconnect()).rejects.toMatchObject({ code: 'SQL' })
    expect(database.prepare('PRAGMA busy_timeout').get()).toEqual({ timeout: 777 })
    await adapter.disconnect()
  })

  test('is not closed while a later adapter uses it', async () => {
    const { driver, closes } = refusingToClose(new DatabaseSync(':memory:'), 1)
    const first = new SqliteAdapter(driver, () => driver)
    await first.connect()
    await expect(first.disconnect()).rejects.toMatchObject({ code: 'SQL' })
    const second = new SqliteAdapter(driver, () => driver)
    await second.cache.set('k', 1)
    await expect(first.disconnect()).rejects.toMatchObject({ code: 'SQL' })
    expect(await second.cache.get('k')).toBe(1)
    expect(closes()).toBe(1)
    await second.disconnect()
    expect(closes()).toBe(2)
  })

  test('sqlite3: is closed once the app has finalized its statements', async () => {
    const handle = new sqlite3.Database(join(folder, 'app.db'))
    const adapter = new SQLiteAdapter(handle)
    await adapter.cache.set('k', 1)
    const statement = handle.prepare('SELECT 1')
    await expect(adapter.disconnect()).rejects.toMatchObject({ code: 'SQL' })
    await new Promise<void>((resolve) => statement.finalize(() => resolve()))
    await adapter.disconnect()
    await expect(
      new Promise((resolve, reject) =>
        handle.all('SELECT 1', (error, rows) => (error ? reject(error) : resolve(rows))),
      ),
    ).rejects.toThrow('closed')
  })
})

describe('handles that were left open and closed by the app', () => {
  test('leave nothing behind in the registry of open files', async () => {
    const path = join(folder, 'app.db')
    const registry = (globalThis as unknown as Record<symbol, Map<string, { users: Set<unknown> }>>)[
      Symbol.for('go-go-scope.persistence-sqlite.open-files/1')
    ]
    for (let round = 0; round < 20; round++) {
      const database = new DatabaseSync(path)
      const driver = databaseSyncDriver(database, () => undefined)
      const adapter = new SqliteAdapter(database, () => driver, { closeOnDisconnect: false })
      await adapter.cache.set('k', round)
      await adapter.disconnect()
      database.close()
    }
    const users = [...(registry?.values() ?? [])].map((entry) => entry.users.size)
    expect(Math.max(...users)).toBeLessThanOrEqual(3)
  })

  test('can be replaced by a backup', async () => {
    const [path, backup] = [join(folder, 'app.db'), join(folder, 'backup.db')]
    const database = new DatabaseSync(path)
    database.exec('PRAGMA journal_mode = wal')
    const adapter = new NodeAdapter(database, { closeOnDisconnect: false })
    await adapter.cache.set('k', 1)
    await adapter.backup(backup)
    await adapter.disconnect()
    await expect(restore(backup, path, { DatabaseSync })).rejects.toMatchObject({ code: 'FILE_IN_USE' })
    database.close()
    await restore(backup, path, { DatabaseSync })
  })
})

test('an adapter leaves a handle that others use only after its calls in flight', async () => {
  const database = new DatabaseSync(':memory:')
  const slow = inAnotherThread(databaseSyncDriver(database, () => undefined))
  const driver: AsyncDriver = {
    ...slow,
    async prepare(sql) {
      const { all, finalize } = await slow.prepare(sql)
      return { all: (parameters) => new Promise(setImmediate).then(() => all(parameters)), finalize }
    },
  }
  const [leaver, stays] = [1, 2].map(() => new SqliteAdapter(database, () => driver)) as [SqliteAdapter, SqliteAdapter]
  await Promise.all([leaver.connect(), stays.connect()])
  let stored = false
  const call = leaver.cache.set('k', 1).then(() => {
    stored = true
  })
  await leaver.disconnect()
  expect(stored).toBe(true)
  await call
  await stays.disconnect()
})

test('an adapter that has left a handle hears no diagnostics of it any longer', async () => {
  const database = new DatabaseSync(':memory:')
  const heard: string[] = []
  const adapterOn = (name: string) =>
    new SqliteAdapter(database, () => databaseSyncDriver(database, () => undefined), {
      onDiagnostic: ({ type }) => heard.push(`${name} ${type}`),
    })
  const [leaver, stays] = [adapterOn('leaver'), adapterOn('stays')]
  await stays.cache.set('k', 1)
  database.exec("UPDATE go_goscope_cache SET value = 'no value'")
  await leaver.cache.get('k')
  await leaver.disconnect()
  await stays.cache.get('k')
  expect(heard).toEqual(['leaver unreadable-row', 'stays unreadable-row', 'stays unreadable-row'])
  await stays.disconnect()
})

test('a read-only adapter does not checkpoint the WAL, which would hold the write lock', async () => {
  const said: string[] = []
  class Recording extends DatabaseSync {
    override prepare(...[sql, ...options]: Parameters<InstanceType<typeof DatabaseSync>['prepare']>) {
      said.push(sql)
      return super.prepare(sql, ...options)
    }
  }
  const path = join(folder, 'app.db')
  const given = { DatabaseSync: Recording as never }
  const moves = () => said.splice(0).filter((sql) => sql.includes('wal_checkpoint')).length
  await (await NodeAdapter.open(path, given)).disconnect()
  expect(moves()).toBe(1)
  const reader = await NodeAdapter.open(path, { ...given, readOnly: true })
  await reader.cache.keys()
  await reader.disconnect()
  expect(moves()).toBe(0)
})
