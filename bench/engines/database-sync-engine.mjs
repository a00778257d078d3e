import { SQLiteAdapter, Standby } from '@go-go-scope/persistence-sqlite-node'

/** A synchronous engine whose class is shaped like `DatabaseSync`. */
export function databaseSyncEngine(DatabaseSync) {
  return {
    synchronous: true,
    Adapter: SQLiteAdapter,
    openAdapter: (path, options, Adapter = SQLiteAdapter) => Adapter.open(path, { ...options, DatabaseSync }),
    follow: (source, options) => Standby.follow(source, { ...options, DatabaseSync }),
    open: async (path) => new DatabaseSync(path),
    exec: async (database, sql) => database.exec(sql),
    version: async () => new DatabaseSync(':memory:').prepare('SELECT sqlite_version() AS version').get().version,
  }
}
