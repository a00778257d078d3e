import type { SqlDriver, SyncDriver } from '../../../driver/driver.js'

/**
 * A driver that moves the log into the file before it closes, where its engine may keep the file open after that: the
 * next process would find the log in use. Not for one that only reads: it could move nothing, and would hold the lock of
 * writers while it tries.
 */
export function withEmptiedLog(driver: SqlDriver, readOnly: boolean): SqlDriver {
  return !readOnly && driver.synchronous && driver.keepsFileOpen === true ? new LogEmptyingDriver(driver) : driver
}

class LogEmptyingDriver implements SyncDriver {
  readonly synchronous = true
  readonly engine: string
  readonly library: unknown
  readonly #driver: SyncDriver

  constructor(driver: SyncDriver) {
    this.#driver = driver
    this.engine = driver.engine
    this.library = driver.library
  }

  get recorder(): SyncDriver['recorder'] {
    return this.#driver.recorder
  }

  query(sql: string, parameters: Parameters<SyncDriver['query']>[1]): ReturnType<SyncDriver['query']> {
    return this.#driver.query(sql, parameters)
  }

  prepare(sql: string): ReturnType<SyncDriver['prepare']> {
    return this.#driver.prepare(sql)
  }

  close(): void {
    try {
      this.#driver.query('PRAGMA wal_checkpoint(TRUNCATE)', [])
    } catch {
      // Others use the log, or the file is read-only. Nothing is lost: the next opener reads the log.
    }
    this.#driver.close()
  }
}
