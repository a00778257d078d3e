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

/** What the handle of an engine gives. */
export type Row = Record<string, unknown>

// What the suites call is what every front end exports; these are its names in the suites.
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

/** Where an engine keeps the data of tests, if not in a file for each. */
export interface PlacesUnderTest {
  /** Whether its handles are connections of their own, so that one can hold what another waits for. */
  readonly several: boolean
  /** A place that no other test uses, with the tables as an adapter has just made them, as `openHandle` takes it. */
  take(): Promise<string>
  give(place: string): Promise<void>
  /** Everything in it as text. */
  dump(place: string): Promise<string>
  /** Has every row refused whose key is LIKE `pattern`, until the test ends. @param table `cache`, `idempotency` or `circuit`. */
  refuseKeys(place: string, table: string, pattern: string): Promise<unknown>
}

// Handles of different engines have no type in common, so a handle parameter is `never` here and handles are
// passed through `as never`: that is the one place where the suites go past the type checker.
export interface AdapterClass {
  new (handle: never, options?: OptionsUnderTest): AdapterUnderTest
  open(path: string, options?: OpenOptionsUnderTest): Promise<AdapterUnderTest>
}

export type IdempotencyAdapterClass = new (handle: never, options?: OptionsUnderTest) => SqlIdempotencyAdapter

export type CacheAdapterClass = new (handle: never, options?: CacheAdapterOptions) => SqlCacheAdapter

/** What a front end makes standbys with; the source of a test may also be what no adapter is. */
export interface StandbyClassUnderTest {
  follow(source: never, options: FollowOptionsUnderTest): Promise<StandbyUnderTest>
}

export interface ChangesetsUnderTest {
  record(): Promise<{ take(): Promise<Uint8Array>; close(): Promise<void> }>
}

/** What a front end does with a file as a whole. */
export interface FileFunctionsUnderTest {
  readonly BackupSchedule: Pick<typeof BackupSchedule, 'start'>
  verifyBackup(path: string, options?: { signal?: AbortSignal }): Promise<Backup>
  restore(backup: string, target: string, options?: RestoreOptions): Promise<Restored>
  readonly Standby: StandbyClassUnderTest
  changesets(adapter: never, options: { tables: string[] }): Promise<ChangesetsUnderTest>
}

/**
 * One front end over a client library of a server. A file of its own must export it as `engine`, for the child processes to
 * import.
 */
export interface ServerEngineUnderTest {
  readonly name: string
  readonly SQLiteAdapter: AdapterClass
  readonly SQLiteIdempotencyAdapter: IdempotencyAdapterClass
  readonly SQLiteCacheAdapter: CacheAdapterClass
  /** Opens a plain handle of the engine for reading and writing, and makes the file when it is missing. */
  openHandle(path: string): Promise<object>
  /** Makes the handle ready for an adapter with these options, where that takes time. May be repeated. */
  reach?(handle: object, options: OptionsUnderTest): Promise<void>
  /** Runs one statement of any kind on the handle, past the adapter. */
  rows(handle: object, sql: string, params?: readonly (string | number | null)[]): Promise<Row[]>
  closeHandle(handle: object): Promise<void>
  /** The file that exports this object as `engine`. */
  readonly module: URL
  /** Its adapters use what another thread or process owns, which looks for changes on their behalf. */
  readonly hasOwner?: boolean
  readonly places?: PlacesUnderTest
}

/** One front end over an engine of SQLite. */
export interface EngineUnderTest extends ServerEngineUnderTest, FileFunctionsUnderTest {}
