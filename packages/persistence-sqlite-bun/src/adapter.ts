import { Worker } from 'node:worker_threads'
import {
  type AdapterClass,
  type CacheAdapterClass,
  defineFrontEnd,
  type FrontEnd,
  type IdempotencyAdapterClass,
  type OpenOptions,
  type SqlCacheAdapter,
  type SqlIdempotencyAdapter,
  type SqliteAdapter,
} from '@go-go-scope/persistence-core'
import { BunDriver } from './bun-driver.js'
import type { BunDatabase } from './handle.js'
import { loadEngine } from './load-engine.js'

const frontEnd: FrontEnd<BunDatabase, OpenOptions> = defineFrontEnd({
  driver: (database: BunDatabase) => new BunDriver(database),
  load: loadEngine,
  startWorker: (options) => new Worker(new URL('./thread.js', import.meta.url), options),
})

/** All five providers over a database of `bun:sqlite`. */
export const SQLiteAdapter: AdapterClass<BunDatabase, OpenOptions> = frontEnd.SQLiteAdapter
export type SQLiteAdapter = SqliteAdapter

/** The idempotency port alone. */
export const SQLiteIdempotencyAdapter: IdempotencyAdapterClass<BunDatabase> = frontEnd.SQLiteIdempotencyAdapter
export type SQLiteIdempotencyAdapter = SqlIdempotencyAdapter

/** The cache port alone, in a table of its own where `tableName` is given. */
export const SQLiteCacheAdapter: CacheAdapterClass<BunDatabase> = frontEnd.SQLiteCacheAdapter
export type SQLiteCacheAdapter = SqlCacheAdapter
