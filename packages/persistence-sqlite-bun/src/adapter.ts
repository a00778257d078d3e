import {
  type AdapterClass,
  type CacheAdapterClass,
  defineFrontEnd,
  type FrontEnd,
  type IdempotencyAdapterClass,
  type OpenOptions,
  type Restore,
  type SqlCacheAdapter,
  type SqlIdempotencyAdapter,
  type SqliteAdapter,
  type StandbyClass,
  type Standby as StandbyOf,
  type VerifyBackup,
} from '@go-go-scope/persistence-core'
// biome-ignore lint/style/useNodejsImportProtocol: by this name webpack bundles the thread; by the other, 5.113 breaks the call
import { Worker } from 'worker_threads'
import { BunDriver } from './bun-driver.js'
import type { BunDatabase } from './handle.js'
import { loadEngine } from './load-engine.js'

const frontEnd: FrontEnd<BunDatabase, OpenOptions> = defineFrontEnd({
  driver: (database: BunDatabase) => new BunDriver(database),
  load: loadEngine,
  startWorker: (options) => new Worker(new URL('./thread.js', import.meta.url), options),
})

/**
 * Locks, cache, idempotency, checkpoints and circuit breakers in an SQLite file. `SQLiteAdapter.open(path)` opens the file. The
 * constructor takes a database of `bun:sqlite` that the app has opened.
 */
export const SQLiteAdapter: AdapterClass<BunDatabase, OpenOptions> = frontEnd.SQLiteAdapter
export type SQLiteAdapter = SqliteAdapter

/** Only the idempotency port. */
export const SQLiteIdempotencyAdapter: IdempotencyAdapterClass<BunDatabase> = frontEnd.SQLiteIdempotencyAdapter
export type SQLiteIdempotencyAdapter = SqlIdempotencyAdapter

/** Only the cache port. With `tableName` it has a table of its own. */
export const SQLiteCacheAdapter: CacheAdapterClass<BunDatabase> = frontEnd.SQLiteCacheAdapter
export type SQLiteCacheAdapter = SqlCacheAdapter

/**
 * Reads a whole backup and compares it with its manifest.
 *
 * @returns the manifest of the backup, with its path.
 * @throws (as a rejection) PersistenceError `NOT_A_BACKUP`, `BACKUP_DAMAGED`, `SCHEMA_NEWER`, `FILE_IN_USE`, `CANNOT_OPEN`; the
 *   reason of the signal when it aborts.
 */
export const verifyBackup: VerifyBackup<object> = frontEnd.verifyBackup

/**
 * Replaces a database that no process has open by a backup. Keeps the old file under a new name, which it returns. Later lock
 * tokens and claim generations are greater than all earlier ones.
 *
 * @throws (as a rejection) PersistenceError `FILE_IN_USE`, `FILE_EXISTS`, `NOT_A_BACKUP`, `BACKUP_DAMAGED`, `SCHEMA_NEWER`,
 *   `CANNOT_OPEN`, `DISK_FULL`; the reason of the signal when it aborts. The target is unchanged then.
 */
export const restore: Restore<object> = frontEnd.restore

/** A copy of a database that follows it and can take over. `Standby.follow(persistence, { target })` starts one. */
export const Standby: StandbyClass<OpenOptions> = frontEnd.Standby
export type Standby = StandbyOf<SqliteAdapter>
