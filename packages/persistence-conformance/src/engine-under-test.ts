import type {
  CacheProvider,
  CacheStats,
  CheckpointProvider,
  CircuitBreakerStateProvider,
  ClaimingIdempotencyProvider,
  LockHandle,
  PersistenceAdapter,
  PersistenceAdapterOptions,
  ProbingCircuitBreakerProvider,
} from '@go-go-scope/persistence-core/ports'

export type Row = Record<string, unknown>

/** Where an adapter takes time from, in ms. */
export interface ClockUnderTest {
  now(): number
  monotonic(): number
  setTimer(callback: () => void, delay: number, options?: { keepAlive?: boolean }): () => void
}

/** What an adapter tells of itself; sizes are bytes. */
export interface StatsUnderTest {
  engine: string
  fileBytes: number
  walBytes: number
  waiting: number
  locks: number
}

/** What a lock handle has beyond its port. */
export interface LeaseUnderTest extends LockHandle {
  readonly key: string
  readonly owner: string
  /** Epoch ms. */
  readonly expiresAt: number
  readonly token: number
  readonly signal: AbortSignal
  [Symbol.asyncDispose](): PromiseLike<void>
}

export interface HoldOptionsUnderTest {
  /** ms. */
  ttl?: number
  owner?: string
  renew?: boolean
  /** ms. */
  maxLife?: number
}

export interface LocksUnderTest {
  hold(key: string, options?: HoldOptionsUnderTest): Promise<LeaseUnderTest | null>
  acquire(key: string, ttl?: number, owner?: string): Promise<LeaseUnderTest | null>
  extend(key: string, ttl: number, owner: string): Promise<boolean>
  forceRelease(key: string): Promise<void>
}

export interface CacheUnderTest extends CacheProvider {
  getMany<T>(keys: Iterable<string>): Promise<Map<string, T>>
  setMany<T>(entries: Iterable<readonly [string, T]>, ttl?: number): Promise<void>
  deleteMany(keys: Iterable<string>): Promise<unknown>
  getOrSet<T>(key: string, load: () => T | Promise<T>, options?: { ttl?: number }): Promise<T>
  /** @returns rows removed. */
  prune(): Promise<number>
  stats(): Promise<CacheStats>
}

export type CircuitBreakerUnderTest = ProbingCircuitBreakerProvider

export interface IdempotencyUnderTest extends ClaimingIdempotencyProvider {
  /** @returns rows removed. */
  prune(): Promise<number>
}

/** The members every suite uses; an adapter may have more. */
export interface AdapterUnderTest extends Required<PersistenceAdapter> {
  readonly lock: LocksUnderTest
  readonly circuitBreaker: CircuitBreakerUnderTest
  readonly cache: CacheUnderTest
  readonly idempotency: IdempotencyUnderTest
  readonly checkpoint: CheckpointProvider
  acquire: LocksUnderTest['acquire']
  get: CacheProvider['get']
  set: CacheProvider['set']
  recordFailure: CircuitBreakerStateProvider['recordFailure']
  getState: CircuitBreakerStateProvider['getState']
  save: CheckpointProvider['save']
  loadLatest: CheckpointProvider['loadLatest']
  fenced(handle: never, statements: readonly FencedStatementUnderTest[]): Promise<Row[][]>
  prune(): Promise<{ cache: number; idempotency: number }>
  stats(): Promise<StatsUnderTest>
  [Symbol.asyncDispose](): Promise<void>
}

export interface FencedStatementUnderTest {
  sql: string
  parameters?: readonly (string | number | bigint | boolean | null | Uint8Array)[]
}

export interface OptionsUnderTest extends PersistenceAdapterOptions {
  locks?: 'process' | 'database'
  closeOnDisconnect?: boolean
  /** ms. */
  busyTimeout?: number
  /** UTF-8 bytes. */
  maxKeyLength?: number
  /** UTF-8 bytes. */
  maxValueSize?: number
  /** ms. */
  sweepInterval?: number
  /** ms. */
  watchInterval?: number
  codec?: { encode(value: unknown): string; decode(text: string): unknown }
  clock?: ClockUnderTest
  random?: () => number
  onDiagnostic?: (event: object) => void
}

export interface OpenOptionsUnderTest extends OptionsUnderTest {
  durability?: 'power' | 'process'
  readOnly?: boolean
  mode?: number
  /** Bytes. */
  cacheSize?: number
  /** Bytes. */
  mmapSize?: number
}

// Handles of different engines have no type in common, so a handle parameter is `never` here and handles are
// passed through `as never`: that is the one place where the suites go past the type checker.
export interface AdapterClass {
  new (handle: never, options?: OptionsUnderTest): AdapterUnderTest
  open(path: string, options?: OpenOptionsUnderTest): Promise<AdapterUnderTest>
}

export interface IdempotencyAdapterUnderTest extends ClaimingIdempotencyProvider, Required<PersistenceAdapter> {}

export type IdempotencyAdapterClass = new (
  handle: never,
  options?: { keyPrefix?: string; clock?: ClockUnderTest },
) => IdempotencyAdapterUnderTest

export interface CacheAdapterUnderTest extends CacheProvider, Required<PersistenceAdapter> {
  initialize(): Promise<void>
}

export type CacheAdapterClass = new (
  handle: never,
  options?: OptionsUnderTest & { tableName?: string },
) => CacheAdapterUnderTest

/** One front end over one engine. A file of its own must export it as `engine`, for the child processes to import. */
export interface EngineUnderTest {
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
}
