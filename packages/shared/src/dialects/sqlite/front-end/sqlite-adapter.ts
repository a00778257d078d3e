import type { AdapterOptions } from '../../../adapter/adapter-options.js'
import type { Dialect } from '../../../adapter/dialect.js'
import { SqlAdapter } from '../../../adapter/sql-adapter.js'
import type { DatabaseOwner } from '../../../connection/database-owner.js'
import type { SqlDriver } from '../../../driver/driver.js'
import { sqliteDialect } from '../sqlite-dialect.js'
import type { AdapterStats } from '../sqlite-stats.js'

/** {@link SqlAdapter} over a handle of an SQLite engine. */
export class SqliteAdapter extends SqlAdapter {
  /** @param driver Called once per handle. @throws PersistenceError `INVALID_OPTION`, `SECOND_COPY`. */
  constructor(
    handle: object,
    driver: () => SqlDriver | DatabaseOwner,
    options?: AdapterOptions,
    dialect: Dialect = sqliteDialect,
  ) {
    super(handle, driver, dialect, options)
  }

  override stats(): Promise<AdapterStats> {
    // What the dialect adds to the counts is the rest of the type.
    return super.stats() as Promise<AdapterStats>
  }
}
