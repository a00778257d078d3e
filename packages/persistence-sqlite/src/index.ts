export * from '@go-go-scope/persistence-core/public'
export {
  restore,
  SQLiteAdapter,
  SQLiteCacheAdapter,
  SQLiteIdempotencyAdapter,
  Standby,
  verifyBackup,
} from './adapter.js'
export type { Sqlite3Database, Sqlite3Statement } from './handle.js'
