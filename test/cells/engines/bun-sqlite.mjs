import { Database } from 'bun:sqlite'
import * as frontEnd from '@go-go-scope/persistence-sqlite-bun'

/** @type {import('@go-go-scope/persistence-conformance').EngineUnderTest} */
export const engine = {
  name: 'bun:sqlite',
  SQLiteAdapter: frontEnd.SQLiteAdapter,
  SQLiteIdempotencyAdapter: frontEnd.SQLiteIdempotencyAdapter,
  SQLiteCacheAdapter: frontEnd.SQLiteCacheAdapter,
  BackupSchedule: frontEnd.BackupSchedule,
  verifyBackup: frontEnd.verifyBackup,
  restore: frontEnd.restore,
  Standby: frontEnd.Standby,
  changesets: frontEnd.changesets,
  module: new URL(import.meta.url),

  async openHandle(path) {
    return new Database(path, { create: true, readwrite: true })
  },

  async rows(handle, sql, params = []) {
    const statement = /** @type {Database} */ (handle).prepare(sql)
    try {
      return /** @type {Record<string, unknown>[]} */ (statement.all(...params))
    } finally {
      statement.finalize()
    }
  },

  async closeHandle(handle) {
    const database = /** @type {Database} */ (handle)
    database.close(true)
  },
}
