/**
 * The base of a package that calls an engine: its driver, and the module of its thread. Excludes the stores, because each thread
 * loads it.
 */

export { backupInSteps } from './dialects/sqlite/engine/backup-in-steps.js'
export { backupOnPool, type FunctionHandle } from './dialects/sqlite/engine/backup-on-pool.js'
export type { BackupSteps } from './dialects/sqlite/engine/backup-steps.js'
export { changeRecorderOf } from './dialects/sqlite/engine/change-recorder.js'
export { libraryOf } from './dialects/sqlite/engine/library.js'
export type { LoadedEngine } from './dialects/sqlite/engine/loaded-engine.js'
export { NamedStatement, takesNumbersForNames } from './dialects/sqlite/engine/named-statement.js'
export { SpreadStatement, type SpreadStatementLike } from './dialects/sqlite/engine/spread-statement.js'
export { checkHandle } from './dialects/sqlite/front-end/handle.js'
export { serveThread } from './dialects/sqlite/front-end/serve-thread.js'
export { unloadablePackage } from './dialects/sqlite/front-end/unloadable-package.js'
export type { LoadInThread, ThreadEngine } from './dialects/sqlite/thread/thread-engine.js'
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
export { PersistenceError } from './errors/persistence-error.js'
export { pause, systemClock } from './time/clock.js'
