export * from '@go-go-scope/persistence-core/public'
export {
  restore,
  SQLiteAdapter,
  SQLiteAdapter as BunSQLiteAdapter,
  SQLiteCacheAdapter,
  SQLiteIdempotencyAdapter,
  Standby,
  verifyBackup,
} from './adapter.js'
export type { BunDatabase, BunStatement } from './handle.js'
