import type { SqlDriver, SyncDriver } from '../../../driver/driver.js'

/**
 * Wraps a driver whose engine may keep the file open after `close`, so that it checkpoints the WAL first: otherwise the next
 * process would find the WAL in use. Not for a read-only driver: it could checkpoint nothing, and the attempt would hold the lock
 * that writers need.
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

  close(split = false): void {
    try {
      // By an index of its own, this connection would move other pages than the ones that others have written into the WAL.
      if (!split) this.#driver.query('PRAGMA wal_checkpoint(TRUNCATE)', [])
    } catch {
      // Other connections use the WAL, or the file is read-only. Nothing is lost: the next opener reads the WAL.
    }
    this.#driver.close()
  }
}
