/**
 * The exports that every front end has besides its own classes. Among them are the types of its classes and of what its functions
 * return: the compiler writes an inferred type into the declarations of an app only by a name that a package of the app exports.
 */
export type { AdapterOptions } from './adapter/adapter-options.js'
export type { CacheAdapterOptions, SqlCacheAdapter } from './adapter/sql-cache-adapter.js'
export type { SqlIdempotencyAdapter } from './adapter/sql-idempotency-adapter.js'
export type { ServedUser } from './connection/served-users.js'
export type { ChangeRecording } from './dialects/sqlite/changesets/change-recording.js'
export {
  type AppliedChanges,
  type ApplyOptions,
  type ChangesetOptions,
  type Changesets,
  changesets,
} from './dialects/sqlite/changesets/changesets.js'
export type { ConflictAnswer, ConflictKind, ConflictPolicy } from './dialects/sqlite/changesets/conflict-policy.js'
export type { Backup } from './dialects/sqlite/copies/backup.js'
export type { BackupOptions } from './dialects/sqlite/copies/backup-options.js'
export {
  type BackupKeep,
  BackupSchedule,
  type BackupScheduleOptions,
} from './dialects/sqlite/copies/backup-schedule.js'
export type { FileOptions } from './dialects/sqlite/copies/engine-choice.js'
export type { BackupManifest } from './dialects/sqlite/copies/manifest.js'
export type { Restored, RestoreOptions } from './dialects/sqlite/copies/restore.js'
export type { CopyProgress } from './dialects/sqlite/engine/backup-steps.js'
export type {
  AdapterClass,
  CacheAdapterClass,
  IdempotencyAdapterClass,
  Restore,
  VerifyBackup,
} from './dialects/sqlite/front-end/front-end.js'
export type { OpenOptions } from './dialects/sqlite/front-end/open-options.js'
export type { SqliteAdapter } from './dialects/sqlite/front-end/sqlite-adapter.js'
export type { StandbyClass } from './dialects/sqlite/front-end/standby-class.js'
export type { AdapterStats } from './dialects/sqlite/sqlite-stats.js'
export type { FollowOptions } from './dialects/sqlite/standby/follow-options.js'
export type { Standby as StandbyOf } from './dialects/sqlite/standby/standby.js'
export type { StandbyCondition, Verification } from './dialects/sqlite/standby/standby-state.js'
export type { StartWorker, WorkerLike } from './dialects/sqlite/thread/worker.js'
export { CircuitOpenError } from './errors/circuit-open-error.js'
export type { DiagnosticEvent, DiagnosticListener, DiagnosticMessage } from './errors/diagnostics.js'
export { DisconnectedError } from './errors/disconnected-error.js'
export { FingerprintMismatchError } from './errors/fingerprint-mismatch-error.js'
export { PersistenceError, type PersistenceErrorCode } from './errors/persistence-error.js'
export { SchemaMissingError } from './errors/schema-missing-error.js'
export type { Inspection, InspectOptions, ListOptions, PageOptions, ValueListOptions } from './inspect/inspection.js'
export type {
  CircuitInfo,
  ClaimInfo,
  EntryInfo,
  Item,
  Listed,
  LockInfo,
  PrefixItem,
  ResultInfo,
  StandbyInfo,
  TaskInfo,
} from './inspect/listed-rows.js'
export type { DatabaseVerification, Fault, VerifyOptions } from './inspect/verify.js'
export type * from './ports/index.js'
export type { OwnerProcess } from './processes/generated-owner.js'
export type {
  EntriesOptions,
  GetOrSetOptions,
  LoadRun,
  SqlCacheProvider,
  StartsWith,
} from './stores/cache/cache-provider.js'
export type { SqlCheckpointProvider } from './stores/checkpoint/checkpoint-store.js'
export type { CircuitRunOptions, SqlCircuitBreakerProvider } from './stores/circuit-breaker/circuit-provider.js'
export type { SqlIdempotencyProvider } from './stores/idempotency/idempotency-store.js'
export type { OnceOptions, OnceRun } from './stores/idempotency/once.js'
export type { FencedParameter, FencedStatement } from './stores/lock/fenced-statement.js'
export type { SqlLockHandle } from './stores/lock/lock-handle.js'
export type { LockKind } from './stores/lock/lock-manager.js'
export type { HoldOptions, SqlLockProvider, StoredLockProvider } from './stores/lock/sql-lock-provider.js'
export { type Clock, systemClock } from './time/clock.js'
export type { CacheEvent, CircuitEvent, ClaimEvent, LockEvent } from './tracing/events.js'
export type { TracedCall } from './tracing/traced-call.js'
export type { TracedDatabase } from './tracing/traced-database.js'
export type { ValueCodec } from './values/value-codec.js'
