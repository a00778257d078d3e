import type {
  AdapterOptions,
  Backup,
  BackupSchedule,
  BackupScheduleOptions,
  CacheAdapterOptions,
  Clock,
  CopyProgress,
  FencedStatement,
  FollowOptions,
  HoldOptions,
  OpenOptions,
  Restored,
  RestoreOptions,
  SqlCacheAdapter,
  SqlCircuitBreakerProvider,
  SqlIdempotencyAdapter,
  SqlIdempotencyProvider,
  SqliteAdapter,
  SqlLockHandle,
  SqlLockProvider,
  Standby,
} from '@go-go-scope/persistence-core'

/** A row as an engine's handle returns it. */
export type Row = Record<string, unknown>

// The suites call what every adapter package exports. These are its names in the suites.
export type AdapterUnderTest = SqliteAdapter
export type LocksUnderTest = SqlLockProvider
export type LeaseUnderTest = SqlLockHandle
export type CircuitBreakerUnderTest = SqlCircuitBreakerProvider
export type IdempotencyUnderTest = SqlIdempotencyProvider
export type OptionsUnderTest = AdapterOptions
export type OpenOptionsUnderTest = OpenOptions
export type HoldOptionsUnderTest = HoldOptions
export type FencedStatementUnderTest = FencedStatement
export type ClockUnderTest = Clock
export type BackupUnderTest = Backup
export type BackupScheduleUnderTest = BackupSchedule
export type BackupScheduleOptionsUnderTest = BackupScheduleOptions
export type CopyProgressUnderTest = CopyProgress
export type FollowOptionsUnderTest = FollowOptions & OpenOptions
export type StandbyUnderTest = Standby<SqliteAdapter>

/** The places for the data of tests, for an engine that does not use a file per test. */
export interface PlacesUnderTest {
  /** Whether handles are separate connections, so that one can hold what another waits for. */
  readonly several: boolean
  /** Returns an unused place, for `openHandle`, with the tables as an adapter creates them. */
  take(): Promise<string>
  give(place: string): Promise<void>
  /** Returns the whole content of a place as text. */
  dump(place: string): Promise<string>
  /** Refuses every row whose key is LIKE `pattern` until the test ends. @param table `cache`, `idempotency` or `circuit`. */
  refuseKeys(place: string, table: string, pattern: string): Promise<unknown>
}

// Handles of different engines share no type, so handle parameters are `never`, and handles are passed with `as never`. Only
// here the suites bypass the type checker.
export interface AdapterClass {
  new (handle: never, options?: OptionsUnderTest): AdapterUnderTest
  open(path: string, options?: OpenOptionsUnderTest): Promise<AdapterUnderTest>
}

export type IdempotencyAdapterClass = new (handle: never, options?: OptionsUnderTest) => SqlIdempotencyAdapter

export type CacheAdapterClass = new (handle: never, options?: CacheAdapterOptions) => SqlCacheAdapter

/** The class that makes standbys. A test may also pass a source that is not an adapter. */
export interface StandbyClassUnderTest {
  follow(source: never, options: FollowOptionsUnderTest): Promise<StandbyUnderTest>
}

export interface ChangesetsUnderTest {
  record(): Promise<{ take(): Promise<Uint8Array>; close(): Promise<void> }>
}

/** The functions of a package for a file as a whole. */
export interface FileFunctionsUnderTest {
  readonly BackupSchedule: Pick<typeof BackupSchedule, 'start'>
  verifyBackup(path: string, options?: { signal?: AbortSignal }): Promise<Backup>
  restore(backup: string, target: string, options?: RestoreOptions): Promise<Restored>
  readonly Standby: StandbyClassUnderTest
  changesets(adapter: never, options: { tables: string[] }): Promise<ChangesetsUnderTest>
}

/**
 * One adapter package on a client library of a server. A module must export it as `engine`, so that child processes can
 * import it.
 */
export interface ServerEngineUnderTest {
  readonly name: string
  readonly SQLiteAdapter: AdapterClass
  readonly SQLiteIdempotencyAdapter: IdempotencyAdapterClass
  readonly SQLiteCacheAdapter: CacheAdapterClass
  /** Opens a plain handle of the engine for reading and writing. Creates a missing file. */
  openHandle(path: string): Promise<object>
  /** Prepares the handle for an adapter with these options, if that takes time. May be called repeatedly. */
  reach?(handle: object, options: OptionsUnderTest): Promise<void>
  /** Runs one statement of any kind on the handle, bypassing the adapter. */
  rows(handle: object, sql: string, params?: readonly (string | number | null)[]): Promise<Row[]>
  closeHandle(handle: object): Promise<void>
  /** The file that exports this object as `engine`. */
  readonly module: URL
  /** Whether its adapters use a database owned by another thread or process, which watches for changes on their behalf. */
  readonly hasOwner?: boolean
  readonly places?: PlacesUnderTest
}

/** One adapter package on a SQLite engine. */
export interface EngineUnderTest extends ServerEngineUnderTest, FileFunctionsUnderTest {}
