/** The base of a package with its own dialect: the interfaces to implement, and the adapters to build with it. */

export { ADAPTER_OPTIONS, adapterOptions, givenOptions, resolveOptions } from './adapter/adapter-options.js'
export type { SqlStats } from './adapter/adapter-stats.js'
export type { Dialect } from './adapter/dialect.js'
export { SqlAdapter } from './adapter/sql-adapter.js'
export { SqlCacheAdapter } from './adapter/sql-cache-adapter.js'
export { SqlIdempotencyAdapter } from './adapter/sql-idempotency-adapter.js'
export { invalidArgument, invalidCallOption, invalidOption, shown } from './arguments/invalid.js'
export { type Complete, type OptionNames, readOptions } from './arguments/options.js'
export { readArgument } from './arguments/read-argument.js'
export type { ChangeNotifications, NotificationTopic } from './connection/change-notifications.js'
export { Connection } from './connection/connection.js'
export type { ConnectionDialect, Place, PlaceOptions } from './connection/place.js'
export type { AsyncDriver, AsyncStatement, Row, SqlValue } from './driver/driver.js'
export type { Diagnostics } from './errors/diagnostics.js'
export { fillingError, movedError } from './errors/moved-error.js'
export { type Classify, PersistenceError, type PersistenceErrorCode } from './errors/persistence-error.js'
export { SchemaMissingError } from './errors/schema-missing-error.js'
export type { InspectSql } from './inspect/inspect-sql.js'
export {
  FAULTS,
  type Invariant,
  type InvariantSql,
  invariant,
  type Part,
  type RowInvariants,
  type Rules,
  rowInvariants,
} from './inspect/invariants-sql.js'
export { canBePlain, type NameLayout, NameSpace, type Names } from './keys/key-space.js'
export type { OperationQueue } from './queue/operation-queue.js'
export type { WriteGuard } from './queue/queue-context.js'
export { read, type Statement, type Step, write } from './queue/statement.js'
export type { PageStatement, ValuePageStatement } from './session/row-walk.js'
export type { SetUp } from './session/session-options.js'
export type { CacheSql } from './stores/cache/cache-sql.js'
export type { CheckpointSql } from './stores/checkpoint/checkpoint-sql.js'
export type { CircuitSql, ProbeSql } from './stores/circuit-breaker/circuit-sql.js'
export type { ClaimSql, ResultSql } from './stores/idempotency/idempotency-sql.js'
export {
  type FencedParameter,
  type FencedStatement,
  type FencedStep,
  invalidFenced,
} from './stores/lock/fenced-statement.js'
export type { LockSql } from './stores/lock/lock-sql.js'
export { nextTurn, pause, systemClock } from './time/clock.js'
export { Turn } from './time/turn.js'
