/** The exports on Node. `bun.ts` has the same names. Bun uses it through the condition `bun` of the package's exports. */
export * from '@go-go-scope/persistence-core/public'
export {
  Adapter,
  type DatabaseSyncClass,
  type DatabaseSyncLike,
  type DatabaseSyncOpenOptions,
  type DatabaseSyncOptions,
  restore,
  SQLiteAdapter,
  SQLiteCacheAdapter,
  SQLiteIdempotencyAdapter,
  Standby,
  type StatementSyncLike,
  verifyBackup,
} from '@go-go-scope/persistence-sqlite-node'
