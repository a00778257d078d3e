export * from '@go-go-scope/persistence-core/public'
export { restore, SQLiteAdapter, SQLiteCacheAdapter, SQLiteIdempotencyAdapter, verifyBackup } from './adapter.js'
export type { Sqlite3Database, Sqlite3Statement } from './handle.js'
