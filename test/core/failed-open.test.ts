import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineFrontEnd, SqliteAdapter } from '@go-go-scope/persistence-core'
import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite'
import { DatabaseSync } from '@photostructure/sqlite'
import sqlite3 from 'sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { databaseSyncDriver } from './database-sync-driver.js'

type Database = InstanceType<typeof DatabaseSync>

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'failed-open-'))
  path = join(folder, 'app.db')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Makes a front end whose engine opens with `open`. `before` is called with each statement first. */
const over = (open: (path: string) => Database, before: (sql: string) => undefined = () => undefined) =>
  defineFrontEnd({
    driver: (database: Database) => databaseSyncDriver(database, before),
    load: async () => ({ name: 'an engine of the tests', library: 'tests', open }),
  }).SQLiteAdapter

describe('a file that open has created', () => {
  test('is removed when the engine cannot open it', async () => {
    const adapter = over(() => {
      throw new Error('no engine today')
    })
    await expect(adapter.open(path)).rejects.toMatchObject({
      operation: 'open',
      message: `open ${path}: no engine today`,
    })
    expect(readdirSync(folder)).toEqual([])
  })

  test('is removed when the engine opens another file, which is left as it is', async () => {
    const elsewhere = join(folder, 'elsewhere.db')
    const theirs = new DatabaseSync(elsewhere)
    theirs.exec('PRAGMA journal_mode = WAL; CREATE TABLE mine (x)')
    const refused = { code: 'CANNOT_OPEN', message: expect.stringContaining('elsewhere.db') }
    await expect(over(() => new DatabaseSync(elsewhere)).open(path)).rejects.toMatchObject(refused)
    expect(readdirSync(folder)).not.toContain('app.db')
    expect(theirs.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
    expect(theirs.prepare('SELECT name FROM sqlite_master').all()).toEqual([{ name: 'mine' }])
    theirs.close()
  })

  test('is removed when its tables cannot be made, and its handle is closed', async () => {
    const opened: Database[] = []
    const adapter = over(
      (file) => {
        const database = new DatabaseSync(file)
        opened.push(database)
        return database
      },
      (sql) => {
        if (sql.startsWith('CREATE TABLE')) throw new Error('no tables today')
      },
    )
    await expect(adapter.open(path)).rejects.toThrow('no tables today')
    expect(readdirSync(folder)).toEqual([])
    expect(opened.map(({ isOpen }) => isOpen)).toEqual([false])
  })

  test('stays when another connection has written into it meanwhile', async () => {
    let theirs: Database | undefined
    const adapter = over(
      (file) => new DatabaseSync(file),
      (sql) => {
        if (sql !== 'PRAGMA journal_mode = wal') return
        theirs = new DatabaseSync(path)
        theirs.exec('CREATE TABLE mine (x)')
        throw new Error('no log today')
      },
    )
    await expect(adapter.open(path, { busyTimeout: 50 })).rejects.toThrow('no log today')
    expect(theirs?.prepare('SELECT name FROM sqlite_master').all()).toEqual([{ name: 'mine' }])
    expect(readdirSync(folder)).toContain('app.db')
    theirs?.close()
  })
})

describe('a handle of sqlite3', () => {
  const refused = { _tag: 'PersistenceError', code: 'CANNOT_OPEN', message: expect.stringContaining('folder exists') }

  test('that could not be opened is refused by connect and every call, and disconnect ends', async () => {
    const adapter = new SQLiteAdapter(new sqlite3.Database(join(folder, 'nowhere', 'app.db'), () => undefined))
    await expect(adapter.connect()).rejects.toMatchObject(refused)
    await expect(adapter.cache.set('k', 1)).rejects.toMatchObject(refused)
    await adapter.disconnect()
  })

  test('that is still being opened is waited for', async () => {
    for (let round = 0; round < 20; round++) {
      const adapter = new SQLiteAdapter(new sqlite3.Database(path))
      await adapter.cache.set('k', round)
      await adapter.disconnect()
    }
  })

  test('that was closed is refused as closed', async () => {
    writeFileSync(path, '')
    const handle = new sqlite3.Database(path)
    await new Promise<void>((resolve) => handle.close(() => resolve()))
    await expect(new SQLiteAdapter(handle).connect()).rejects.toMatchObject({ code: 'CLOSED' })
  })
})

test('a handle that could not be read when an adapter connected can be connected again', async () => {
  let readable = false
  const driver = databaseSyncDriver(new DatabaseSync(path), () => {
    if (readable) return undefined
    throw Object.assign(new Error('disk I/O error'), { errcode: 10 })
  })
  const adapter = new SqliteAdapter({}, () => driver)
  await expect(adapter.connect()).rejects.toMatchObject({ code: 'IO_ERROR' })
  readable = true
  await adapter.connect()
  await adapter.cache.set('k', 1)
  await adapter.disconnect()
})

test('a path that is too long for SQLite is refused with the length that it may have', async () => {
  const deep = join(folder, ...Array.from({ length: 5 }, () => 'd'.repeat(100)))
  mkdirSync(deep, { recursive: true })
  await expect(SQLiteAdapter.open(join(deep, 'app.db'))).rejects.toMatchObject({
    code: 'CANNOT_OPEN',
    message: expect.stringContaining('its path is well below 500 bytes'),
  })
  expect(readdirSync(deep)).toEqual([])
})
