/** The exports on Bun. */
export * from '@go-go-scope/persistence-core/public'
export {
  Adapter,
  restore,
  SQLiteAdapter,
  SQLiteCacheAdapter,
  SQLiteIdempotencyAdapter,
  Standby,
  verifyBackup,
} from '@go-go-scope/persistence-sqlite-bun'
