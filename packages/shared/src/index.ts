/** The base of a front end: the public API, the adapters to extend, and the driver interface to implement. */

export { SqlCacheAdapter } from './adapter/sql-cache-adapter.js'
export { SqlIdempotencyAdapter } from './adapter/sql-idempotency-adapter.js'
export { flush, flushFolder, publish, refuseExisting } from './dialects/sqlite/copies/publish.js'
export { TemporaryFile } from './dialects/sqlite/copies/temporary-file.js'
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
export { SqliteAdapter } from './dialects/sqlite/front-end/sqlite-adapter.js'
export type { StandbyClass } from './dialects/sqlite/front-end/standby-class.js'
export { COPIES_TABLE, MOVED_TABLE, sealingSteps, unsealingSteps } from './dialects/sqlite/schema/moved-file.js'
export type { Standby } from './dialects/sqlite/standby/standby.js'
export { typedError } from './dialects/sqlite/thread/typed-error.js'
export { ThreadedHandle } from './dialects/sqlite/threaded-engine/threaded-handle.js'
export * from './engine.js'
export * from './public.js'
