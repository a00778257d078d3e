import {
  type AdapterClass,
  type CacheAdapterClass,
  defineFrontEnd,
  type FrontEnd,
  type IdempotencyAdapterClass,
  type OpenOptions,
  type SqlAdapter,
  type SqlCacheAdapter,
  type SqlIdempotencyAdapter,
} from '@go-go-scope/persistence-sqlite-core'
import { BunDriver } from './bun-driver.js'
import type { BunDatabase } from './handle.js'
import { loadEngine } from './load-engine.js'

const frontEnd: FrontEnd<BunDatabase, OpenOptions> = defineFrontEnd({
  driver: (database: BunDatabase) => new BunDriver(database),
  load: loadEngine,
})

/** All five providers over a database of `bun:sqlite`. */
export const SQLiteAdapter: AdapterClass<BunDatabase, OpenOptions> = frontEnd.SQLiteAdapter
export type SQLiteAdapter = SqlAdapter

/** The idempotency port alone. */
export const SQLiteIdempotencyAdapter: IdempotencyAdapterClass<BunDatabase> = frontEnd.SQLiteIdempotencyAdapter
export type SQLiteIdempotencyAdapter = SqlIdempotencyAdapter

/** The cache port alone, in a table of its own where `tableName` is given. */
export const SQLiteCacheAdapter: CacheAdapterClass<BunDatabase> = frontEnd.SQLiteCacheAdapter
export type SQLiteCacheAdapter = SqlCacheAdapter
