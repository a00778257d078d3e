import type { AdapterOptions } from '../../../adapter/adapter-options.js'
import type { Dialect } from '../../../adapter/dialect.js'
import { SqlAdapter } from '../../../adapter/sql-adapter.js'
import type { DatabaseOwner } from '../../../connection/database-owner.js'
import type { SqlDriver } from '../../../driver/driver.js'
import { type Backup, backUp } from '../copies/backup.js'
import type { BackupOptions } from '../copies/backup-options.js'
import { registerSource, sourceOf } from '../copies/backup-source.js'
import { sqliteDialect } from '../sqlite-dialect.js'
import type { AdapterStats } from '../sqlite-stats.js'
import type { StartWorker } from '../thread/worker.js'

/** {@link SqlAdapter} over a handle of a SQLite engine. */
export class SqliteAdapter extends SqlAdapter {
  /**
   * @param driver Called once per handle.
   * @param startWorker Starts the thread of the front end.
   * @param dialect Includes the additions for a database of another thread or process.
   * @throws PersistenceError `INVALID_OPTION`, `SECOND_COPY`.
   */
  constructor(
    handle: object,
    driver: () => SqlDriver | DatabaseOwner,
    options?: AdapterOptions,
    startWorker?: StartWorker,
    dialect: Dialect = sqliteDialect,
  ) {
    super(handle, driver, dialect, options)
    registerSource(this, { options: options ?? {}, startWorker })
  }

  /**
   * Returns counts, sizes in bytes and versions. It scans tables, so do not call it on a hot path.
   *
   * @throws PersistenceError when the rows cannot be counted.
   */
  override stats(): Promise<AdapterStats> {
    // The dialect adds the other members of the type.
    return super.stats() as Promise<AdapterStats>
  }

  /**
   * Copies the present state of the database into the new file `path` while others read and write it, and verifies the copy. The
   * file appears complete or not at all, with its manifest `path.json` beside it. An existing file is never overwritten.
   *
   * @returns the manifest of the backup, with its path.
   * @throws PersistenceError `FILE_EXISTS`, `DISK_FULL`, `BACKUP_DAMAGED`, `FILE_REPLACED`, `LOG_TOO_LARGE`, `WAL_NEEDED`; the
   *   reason of the signal when it aborts. Then no file is left behind.
   */
  backup(path: string, options?: BackupOptions): Promise<Backup> {
    return backUp(sourceOf(this, 'backup'), path, options)
  }
}
