export * from '@go-go-scope/persistence-core/public'
export {
  SQLiteAdapter,
  SQLiteAdapter as BunSQLiteAdapter,
  SQLiteCacheAdapter,
  SQLiteIdempotencyAdapter,
} from './adapter.js'
export type { BunDatabase, BunStatement } from './handle.js'
