/** What a front end builds on: the public surface, the adapters to extend, and the driver seam to implement. */
export {
  type AdapterClass,
  type CacheAdapterClass,
  defineFrontEnd,
  type FrontEnd,
  type FrontEndEngine,
  type IdempotencyAdapterClass,
} from './adapter/front-end.js'
export type { Engine } from './adapter/open-adapter.js'
export { SqlAdapter } from './adapter/sql-adapter.js'
export { SqlCacheAdapter } from './adapter/sql-cache-adapter.js'
export { SqlIdempotencyAdapter } from './adapter/sql-idempotency-adapter.js'
export { unloadablePackage } from './adapter/unloadable-package.js'
export { checkHandle } from './arguments/handle.js'
export type {
  AsyncDriver,
  AsyncStatement,
  Row,
  SqlDriver,
  SqlValue,
  SyncDriver,
  SyncStatement,
} from './driver/driver.js'
export { libraryOf } from './driver/library.js'
export { NamedStatement, takesNumbersForNames } from './driver/named-statement.js'
export { SpreadStatement, type SpreadStatementLike } from './driver/spread-statement.js'
export * from './public.js'
