export * from '@go-go-scope/persistence-core/public'
export { type DatabaseSyncOpenOptions, SQLiteAdapter, SQLiteCacheAdapter, SQLiteIdempotencyAdapter } from './adapter.js'
export type { DatabaseSyncClass, DatabaseSyncLike, StatementSyncLike } from './handle.js'
