export * from '@go-go-scope/persistence-core/public'
export {
  type DatabaseSyncOpenOptions,
  type DatabaseSyncOptions,
  restore,
  SQLiteAdapter,
  SQLiteCacheAdapter,
  SQLiteIdempotencyAdapter,
  Standby,
  verifyBackup,
} from './adapter.js'
export type { DatabaseSyncClass, DatabaseSyncLike, StatementSyncLike } from './handle.js'
