/** What a front end builds on: the public surface, the adapters to extend, and the driver seam to implement. */

export { SqlCacheAdapter } from './adapter/sql-cache-adapter.js'
export { SqlIdempotencyAdapter } from './adapter/sql-idempotency-adapter.js'
export { flushFolder, publish, refuseExisting } from './dialects/sqlite/copies/publish.js'
export { backupInSteps } from './dialects/sqlite/engine/backup-in-steps.js'
export { backupOnPool, type FunctionHandle } from './dialects/sqlite/engine/backup-on-pool.js'
export type { BackupSteps } from './dialects/sqlite/engine/backup-steps.js'
export { changeRecorderOf } from './dialects/sqlite/engine/change-recorder.js'
export { libraryOf } from './dialects/sqlite/engine/library.js'
export type { LoadedEngine } from './dialects/sqlite/engine/loaded-engine.js'
export { NamedStatement, takesNumbersForNames } from './dialects/sqlite/engine/named-statement.js'
export { SpreadStatement, type SpreadStatementLike } from './dialects/sqlite/engine/spread-statement.js'
export { type FileAccess, openFile } from './dialects/sqlite/front-end/file-access.js'
export {
  type AdapterClass,
  type CacheAdapterClass,
  defineFrontEnd,
  type FrontEnd,
  type FrontEndDefinition,
  type IdempotencyAdapterClass,
  type Restore,
  type VerifyBackup,
} from './dialects/sqlite/front-end/front-end.js'
export { checkHandle } from './dialects/sqlite/front-end/handle.js'
export { serveThread } from './dialects/sqlite/front-end/serve-thread.js'
export { SqliteAdapter } from './dialects/sqlite/front-end/sqlite-adapter.js'
export type { StandbyClass } from './dialects/sqlite/front-end/standby-class.js'
export { unloadablePackage } from './dialects/sqlite/front-end/unloadable-package.js'
export { COPIES_TABLE, MOVED_TABLE, sealingSteps, unsealingSteps } from './dialects/sqlite/schema/moved-file.js'
export type { Standby } from './dialects/sqlite/standby/standby.js'
export type { LoadInThread, ThreadEngine } from './dialects/sqlite/thread/thread-engine.js'
export { ThreadedHandle } from './dialects/sqlite/threaded-engine/threaded-handle.js'
export type {
  AsyncDriver,
  AsyncStatement,
  ChangeRecorder,
  RecordedChanges,
  Row,
  SqlDriver,
  SqlValue,
  SyncDriver,
  SyncStatement,
} from './driver/driver.js'
export * from './public.js'
