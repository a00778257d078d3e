import { Worker } from 'node:worker_threads'
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
import { BunDriver } from './bun-driver.js'
import type { BunDatabase } from './handle.js'
import { loadEngine } from './load-engine.js'

const frontEnd: FrontEnd<BunDatabase, OpenOptions> = defineFrontEnd({
  driver: (database: BunDatabase) => new BunDriver(database),
  load: loadEngine,
  startWorker: (options) => new Worker(new URL('./thread.js', import.meta.url), options),
})

/** All providers over a database of `bun:sqlite`. */
export const SQLiteAdapter: AdapterClass<BunDatabase, OpenOptions> = frontEnd.SQLiteAdapter
export type SQLiteAdapter = SqliteAdapter

/** The idempotency port alone. */
export const SQLiteIdempotencyAdapter: IdempotencyAdapterClass<BunDatabase> = frontEnd.SQLiteIdempotencyAdapter
export type SQLiteIdempotencyAdapter = SqlIdempotencyAdapter

/** The cache port alone, in a table of its own where `tableName` is given. */
export const SQLiteCacheAdapter: CacheAdapterClass<BunDatabase> = frontEnd.SQLiteCacheAdapter
export type SQLiteCacheAdapter = SqlCacheAdapter

/**
 * Reads a whole backup and compares it with its manifest.
 *
 * @throws PersistenceError `NOT_A_BACKUP`, `BACKUP_DAMAGED`, `SCHEMA_NEWER`, `FILE_IN_USE`.
 */
export const verifyBackup: VerifyBackup<object> = frontEnd.verifyBackup

/**
 * Puts a backup in the place of a database that nobody has open, and keeps that under a name that it returns. Lock tokens
 * and claim generations go on above all that were given.
 *
 * @throws PersistenceError `FILE_IN_USE`, `NOT_A_BACKUP`, `BACKUP_DAMAGED`, `SCHEMA_NEWER`; the target is unchanged then.
 */
export const restore: Restore<object> = frontEnd.restore
/** Copies that are kept up to date and take over. */
export const Standby: StandbyClass<OpenOptions> = frontEnd.Standby
export type Standby = StandbyOf<SqliteAdapter>
