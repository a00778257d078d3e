import {
  type AdapterOptions,
  type CacheAdapterOptions,
  type OpenOptions,
  openAdapter,
  SqlAdapter,
  SqlCacheAdapter,
  SqlIdempotencyAdapter,
} from '@go-go-scope/persistence-sqlite-core'
import { DatabaseSyncDriver } from './database-sync-driver.js'
import type { DatabaseSyncClass, DatabaseSyncLike } from './handle.js'
import { loadEngine } from './load-engine.js'

/** {@link OpenOptions} and the engine to open with. */
export interface DatabaseSyncOpenOptions extends OpenOptions {
  /** The engine's class. Default: that of `node:sqlite` where there is one, else of `@photostructure/sqlite`. */
  DatabaseSync?: DatabaseSyncClass
}

/** All five providers over a `DatabaseSync`. */
export class SQLiteAdapter extends SqlAdapter {
  /** @param database An open handle, for example `new DatabaseSync('./app.db')`. */
  constructor(database: DatabaseSyncLike, options?: AdapterOptions) {
    super(database, () => new DatabaseSyncDriver(database), options)
  }

  /**
   * Opens and tunes a file (WAL, durability, permissions) or `:memory:`, and connects.
   *
   * @throws PersistenceError when the file cannot be opened, is no database, or belongs to a newer release.
   */
  static open(path: string, options: DatabaseSyncOpenOptions = {}): Promise<SQLiteAdapter> {
    return openAdapter(path, options, {
      load: () => loadEngine(options.DatabaseSync),
      driver: (database) => new DatabaseSyncDriver(database),
      adapter: (database) => new SQLiteAdapter(database, options),
    })
  }
}

/** The idempotency port alone. */
export class SQLiteIdempotencyAdapter extends SqlIdempotencyAdapter {
  constructor(database: DatabaseSyncLike, options?: AdapterOptions) {
    super(database, () => new DatabaseSyncDriver(database), options)
  }
}

/** The cache port alone, in a table of its own where `tableName` is given. */
export class SQLiteCacheAdapter extends SqlCacheAdapter {
  constructor(database: DatabaseSyncLike, options?: CacheAdapterOptions) {
    super(database, () => new DatabaseSyncDriver(database), options)
  }
}
