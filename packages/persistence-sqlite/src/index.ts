export * from '@go-go-scope/persistence-core/public'
export { SQLiteAdapter, SQLiteCacheAdapter, SQLiteIdempotencyAdapter } from './adapter.js'
export type { Sqlite3Database, Sqlite3Statement } from './handle.js'
