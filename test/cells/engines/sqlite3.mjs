import * as frontEnd from '@go-go-scope/persistence-sqlite'
import sqlite3 from 'sqlite3'

/** @type {import('@go-go-scope/persistence-conformance').EngineUnderTest} */
export const engine = {
  name: 'sqlite3',
  SQLiteAdapter: frontEnd.SQLiteAdapter,
  SQLiteIdempotencyAdapter: frontEnd.SQLiteIdempotencyAdapter,
  SQLiteCacheAdapter: frontEnd.SQLiteCacheAdapter,
  BackupSchedule: frontEnd.BackupSchedule,
  verifyBackup: frontEnd.verifyBackup,
  restore: frontEnd.restore,
  Standby: frontEnd.Standby,
  changesets: frontEnd.changesets,
  module: new URL(import.meta.url),

  openHandle(path) {
    return new Promise((resolve, reject) => {
      const handle = new sqlite3.Database(path, (error) => (error ? reject(error) : resolve(handle)))
    })
  },

  rows(handle, sql, params = []) {
    const database = /** @type {sqlite3.Database} */ (handle)
    return new Promise((resolve, reject) => {
      database.all(sql, params, (error, /** @type {Record<string, unknown>[]} */ rows) =>
        error ? reject(error) : resolve(rows),
      )
    })
  },

  closeHandle(handle) {
    const database = /** @type {sqlite3.Database} */ (handle)
    return new Promise((resolve, reject) => {
      database.close((error) => (error ? reject(error) : resolve()))
    })
  },
}
