import {
  BackupSchedule,
  changesets,
  restore,
  SQLiteAdapter,
  SQLiteCacheAdapter,
  SQLiteIdempotencyAdapter,
  Standby,
  verifyBackup,
} from '@go-go-scope/persistence-sqlite-node'

/**
 * Returns the DatabaseSync front end on one of the engines that have such a class.
 *
 * @param {string} name
 * @param {typeof import('node:sqlite').DatabaseSync} DatabaseSync
 * @param {URL} module
 * @returns {import('@go-go-scope/persistence-conformance').EngineUnderTest}
 */
export function databaseSyncEngine(name, DatabaseSync, module) {
  // `open` gets the engine by name. Its fallback to the other engine would make two cells test the same one.
  class SQLiteAdapterOnThisEngine extends SQLiteAdapter {
    /**
     * @param {string} path
     * @param {object} [options]
     * @override
     */
    static open(path, options) {
      // Copies descriptors, so that only the adapter runs getters.
      const given = Object.getOwnPropertyDescriptors(options ?? {})
      return SQLiteAdapter.open(path, Object.defineProperties({ DatabaseSync }, given))
    }
  }

  return {
    name,
    SQLiteAdapter: SQLiteAdapterOnThisEngine,
    SQLiteIdempotencyAdapter,
    SQLiteCacheAdapter,
    BackupSchedule,
    verifyBackup: (path, options) => verifyBackup(path, { DatabaseSync, ...options }),
    changesets,
    restore: (backup, target, options) => restore(backup, target, { DatabaseSync, ...options }),
    Standby: {
      follow(source, options) {
        return Standby.follow(source, { .../** @type {object} */ ({ DatabaseSync }), ...options })
      },
    },
    module,

    async openHandle(path) {
      return new DatabaseSync(path)
    },

    async rows(handle, sql, params = []) {
      const statement = /** @type {import('node:sqlite').DatabaseSync} */ (handle).prepare(sql)
      return /** @type {Record<string, unknown>[]} */ (statement.all(...params))
    },

    async closeHandle(handle) {
      const database = /** @type {import('node:sqlite').DatabaseSync} */ (handle)
      database.close()
    },
  }
}
