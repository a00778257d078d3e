/** What an app gets on Node. `bun.ts` has the same names, and is taken on Bun by the condition `bun` of the exports. */
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
