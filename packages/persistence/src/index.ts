/** The exports on Node. `bun.ts` has the same names. Bun uses it through the condition `bun` of the package's exports. */
export * from '@go-go-scope/persistence-core/public'
export {
  Adapter,
  restore,
  SQLiteAdapter,
  SQLiteCacheAdapter,
  SQLiteIdempotencyAdapter,
  Standby,
  verifyBackup,
} from '@go-go-scope/persistence-sqlite-node'
