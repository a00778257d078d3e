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
import type { Sqlite3Database } from './handle.js'
import { loadEngine } from './load-engine.js'
import { Sqlite3Driver } from './sqlite3-driver.js'

const frontEnd: FrontEnd<Sqlite3Database, OpenOptions> = defineFrontEnd({
  driver: (database: Sqlite3Database) => new Sqlite3Driver(database),
  load: loadEngine,
  startWorker: (options) => new Worker(new URL('./thread.js', import.meta.url), options),
})

/** All five providers over a database of the npm package `sqlite3`. */
export const SQLiteAdapter: AdapterClass<Sqlite3Database, OpenOptions> = frontEnd.SQLiteAdapter
export type SQLiteAdapter = SqliteAdapter

/** The idempotency port alone. */
export const SQLiteIdempotencyAdapter: IdempotencyAdapterClass<Sqlite3Database> = frontEnd.SQLiteIdempotencyAdapter
export type SQLiteIdempotencyAdapter = SqlIdempotencyAdapter

/** The cache port alone, in a table of its own where `tableName` is given. */
export const SQLiteCacheAdapter: CacheAdapterClass<Sqlite3Database> = frontEnd.SQLiteCacheAdapter
export type SQLiteCacheAdapter = SqlCacheAdapter
