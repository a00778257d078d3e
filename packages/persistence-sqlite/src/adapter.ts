import {
  type AdapterOptions,
  type CacheAdapterOptions,
  type OpenOptions,
  openAdapter,
  SqlAdapter,
  SqlCacheAdapter,
  SqlIdempotencyAdapter,
} from '@go-go-scope/persistence-sqlite-core'
import type { Sqlite3Database } from './handle.js'
import { loadEngine } from './load-engine.js'
import { Sqlite3Driver } from './sqlite3-driver.js'

/** All five providers over a database of the npm package `sqlite3`. */
export class SQLiteAdapter extends SqlAdapter {
  /** @param database An open handle, for example `new sqlite3.Database('./app.db')`. */
  constructor(database: Sqlite3Database, options?: AdapterOptions) {
    super(database, () => new Sqlite3Driver(database), options)
  }

  /**
   * Opens and tunes a file (WAL, durability, permissions) or `:memory:`, and connects.
   *
   * @throws PersistenceError when the file cannot be opened, is no database, or belongs to a newer release.
   */
  static open(path: string, options: OpenOptions = {}): Promise<SQLiteAdapter> {
    return openAdapter(path, options, {
      load: loadEngine,
      driver: (database) => new Sqlite3Driver(database),
      adapter: (database) => new SQLiteAdapter(database, options),
    })
  }
}

/** The idempotency port alone. */
export class SQLiteIdempotencyAdapter extends SqlIdempotencyAdapter {
  constructor(database: Sqlite3Database, options?: AdapterOptions) {
    super(database, () => new Sqlite3Driver(database), options)
  }
}

/** The cache port alone, in a table of its own where `tableName` is given. */
export class SQLiteCacheAdapter extends SqlCacheAdapter {
  constructor(database: Sqlite3Database, options?: CacheAdapterOptions) {
    super(database, () => new Sqlite3Driver(database), options)
  }
}
