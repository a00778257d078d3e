import {
  type AdapterOptions,
  type CacheAdapterOptions,
  type OpenOptions,
  openAdapter,
  SqlAdapter,
  SqlCacheAdapter,
  SqlIdempotencyAdapter,
} from '@go-go-scope/persistence-sqlite-core'
import { BunDriver } from './bun-driver.js'
import type { BunDatabase } from './handle.js'
import { loadEngine } from './load-engine.js'

/** All five providers over a database of `bun:sqlite`. */
export class SQLiteAdapter extends SqlAdapter {
  /** @param database An open handle, for example `new Database('./app.db')`. */
  constructor(database: BunDatabase, options?: AdapterOptions) {
    super(database, () => new BunDriver(database), options)
  }

  /**
   * Opens and tunes a file (WAL, durability, permissions) or `:memory:`, and connects.
   *
   * @throws PersistenceError when the file cannot be opened, is no database, or belongs to a newer release.
   */
  static open(path: string, options: OpenOptions = {}): Promise<SQLiteAdapter> {
    return openAdapter(path, options, {
      load: loadEngine,
      driver: (database) => new BunDriver(database),
      adapter: (database) => new SQLiteAdapter(database, options),
    })
  }
}

/** The idempotency port alone. */
export class SQLiteIdempotencyAdapter extends SqlIdempotencyAdapter {
  constructor(database: BunDatabase, options?: AdapterOptions) {
    super(database, () => new BunDriver(database), options)
  }
}

/** The cache port alone, in a table of its own where `tableName` is given. */
export class SQLiteCacheAdapter extends SqlCacheAdapter {
  constructor(database: BunDatabase, options?: CacheAdapterOptions) {
    super(database, () => new BunDriver(database), options)
  }
}
