import { Connection } from '../connection/connection.js'
import type { DatabaseOwner } from '../connection/database-owner.js'
import type { Row, SqlDriver } from '../driver/driver.js'
import type { Inspection, InspectOptions } from '../inspect/inspection.js'
import type { DatabaseVerification, VerifyOptions } from '../inspect/verify.js'
import type { Checkpoint } from '../ports/checkpoint.js'
import type { CircuitBreakerPersistedState } from '../ports/circuit-breaker.js'
import type { PersistenceAdapter, PersistenceProviders } from '../ports/providers.js'
import { pruneRegularly } from '../session/prune-timer.js'
import { Session } from '../session/session.js'
import type { GetOrSetOptions, LoadRun, SqlCacheProvider, StartsWith } from '../stores/cache/cache-provider.js'
import { CacheStore } from '../stores/cache/cache-store.js'
import { CheckpointStore, type SqlCheckpointProvider } from '../stores/checkpoint/checkpoint-store.js'
import { CircuitBreakerStore } from '../stores/circuit-breaker/circuit-breaker-store.js'
import type { SqlCircuitBreakerProvider } from '../stores/circuit-breaker/circuit-provider.js'
import { IdempotencyStore, type SqlIdempotencyProvider } from '../stores/idempotency/idempotency-store.js'
import { DatabaseLockManager } from '../stores/lock/database-lock-manager.js'
import { runFenced } from '../stores/lock/fenced.js'
import type { FencedStatement } from '../stores/lock/fenced-statement.js'
import type { SqlLockHandle } from '../stores/lock/lock-handle.js'
import type { LockManager } from '../stores/lock/lock-manager.js'
import { type SqlLockProvider, StoredLockProvider } from '../stores/lock/sql-lock-provider.js'
import { ADAPTER_OPTIONS, type AdapterOptions, givenOptions, resolveOptions } from './adapter-options.js'
import { readStats, type SqlStats } from './adapter-stats.js'
import { BaseAdapter } from './base-adapter.js'
import { type Dialect, locksInMemory } from './dialect.js'
import { inspectDatabase, verify } from './inspect-database.js'
import { keepParts } from './served-parts.js'

type ManyKeys = 'getMany' | 'setMany' | 'deleteMany' | 'getOrSet'

/**
 * Persistence for `scope({ persistence: adapter })`. The adapter has a member for each port. It also has the methods of the lock,
 * circuit-breaker, cache and checkpoint ports itself; `get` and `set` are those of the cache.
 *
 * The first call of any method connects. Methods reject with a `PersistenceError`.
 */
export class SqlAdapter
  extends BaseAdapter
  implements
    PersistenceAdapter,
    Required<PersistenceProviders>,
    SqlCheckpointProvider,
    // The methods are named so that editors show the documentation of the ports for them.
    Pick<SqlLockProvider, 'acquire' | 'extend' | 'forceRelease'>,
    Pick<SqlCircuitBreakerProvider, 'getState' | 'setState' | 'recordFailure' | 'recordSuccess' | 'subscribe'>,
    Pick<SqlCacheProvider, 'get' | 'set' | 'delete' | 'has' | 'clear' | 'keys' | ManyKeys>
{
  /** Named locks with a time to live. The option `locks` decides whether they are in memory or in the database. */
  readonly lock: StoredLockProvider
  /** Circuit-breaker state, shared by all processes that use the database. */
  readonly circuitBreaker: SqlCircuitBreakerProvider
  /** Values by key with an optional time to live. */
  readonly cache: SqlCacheProvider
  /** Results by idempotency key, and claims that make the work of a key run once across all processes. */
  readonly idempotency: SqlIdempotencyProvider
  /** Checkpoints of resumable tasks. */
  readonly checkpoint: SqlCheckpointProvider
  readonly #session: Session
  readonly #dialect: Dialect
  readonly #locks: LockManager
  readonly #cache: CacheStore
  readonly #idempotency: IdempotencyStore

  /** @param driver Called once per handle. @throws PersistenceError `INVALID_OPTION`, `SECOND_COPY`. */
  constructor(handle: object, driver: () => SqlDriver | DatabaseOwner, dialect: Dialect, options?: AdapterOptions) {
    const resolved = resolveOptions(givenOptions(options, ADAPTER_OPTIONS))
    const connection = Connection.of(handle, driver, dialect, resolved)
    const session = new Session(connection, dialect, resolved, { setUp: dialect.setUp, readsSettings: true })
    super(session)
    this.#session = session
    this.#dialect = dialect
    const inDatabase = resolved.locks === 'database'
    this.#locks = inDatabase ? new DatabaseLockManager(session, dialect.locks) : locksInMemory(session, dialect)
    this.lock = new StoredLockProvider(session, this.#locks, resolved.defaultLockTTL)
    this.circuitBreaker = new CircuitBreakerStore(session, dialect, resolved.watchInterval)
    const cache = new CacheStore(session, dialect.cache(undefined).sql)
    const idempotency = new IdempotencyStore(session, dialect)
    this.cache = this.#cache = cache
    this.idempotency = this.#idempotency = idempotency
    this.checkpoint = new CheckpointStore(session, dialect.checkpoints)
    const sweepers = [...cache.sweepers, ...idempotency.sweepers, ...this.#locks.sweepers]
    pruneRegularly(session, resolved.sweepInterval, sweepers)
    keepParts(this, { session, dialect, options: resolved })
  }

  /**
   * Removes all expired rows of the database: cache entries, results, claims and, if the adapter has `locks: 'database'`, locks.
   * Ends early when the adapter is disconnected.
   *
   * @returns the number of removed cache entries and results.
   * @throws PersistenceError when the rows cannot be removed.
   */
  async prune(): Promise<{ cache: number; idempotency: number }> {
    const cache = await this.#cache.prune('prune')
    const idempotency = this.#session.ended ? 0 : await this.#idempotency.prune('prune')
    for (const sweeper of this.#locks.sweepers) if (!this.#session.ended) await sweeper.prune('prune')
    return { cache, idempotency }
  }

  /**
   * Returns counts, sizes in bytes and versions. It scans tables, so do not call it on a hot path.
   *
   * @throws PersistenceError when the rows cannot be counted.
   */
  async stats(): Promise<SqlStats> {
    if (!this.#session.ready) await this.#session.connect('stats')
    return readStats(this.#session, this.#dialect, this.lock, this.cache)
  }

  /**
   * Runs statements of the app in one transaction, only while `handle` holds its lock. The transaction first checks owner, token
   * and expiry of the lock, so a holder whose lease is over writes nothing, no matter how late it arrives.
   *
   * @param handle A lock in this database, from an adapter with `locks: 'database'`.
   * @returns the rows of each statement.
   * @throws PersistenceError `LOCK_LOST` when the lease is over; `INVALID_ARGUMENT` for a statement or parameter that engines
   *   would treat differently; the error of a statement that fails. In all these cases nothing is written.
   */
  fenced(handle: SqlLockHandle, statements: readonly FencedStatement[]): Promise<Row[][]> {
    return runFenced(this.#session, this.#dialect.fencedStep, handle, statements)
  }

  /**
   * Lists the content of the database: who holds which lock, which circuits are open, how far a task is. Memory use does not grow
   * with the number of rows.
   *
   * @throws PersistenceError `INVALID_ARGUMENT`, `INVALID_KEY`.
   */
  inspect(options?: InspectOptions): Inspection {
    return inspectDatabase(this.#session, this.#dialect, options)
  }

  /**
   * Reads every row of every prefix, decodes each value with this adapter's codec, and checks the invariants that the statements
   * rely on, for example that no lock has a token above the counter. It reads a page at a time while others may write, and
   * changes nothing. It does not check the pages of the file; `scopedb app.db verify` checks both.
   *
   * @throws PersistenceError `INVALID_ARGUMENT`, or the reason why the rows cannot be read.
   */
  verify(options?: VerifyOptions): Promise<DatabaseVerification> {
    return verify(this.#session, this.#dialect, options)
  }

  acquire(key: string, ttl?: number, owner?: string): Promise<SqlLockHandle | null> {
    return this.lock.acquire(key, ttl, owner)
  }

  extend(key: string, ttl: number, owner: string): Promise<boolean> {
    return this.lock.extend(key, ttl, owner)
  }

  forceRelease(key: string): Promise<void> {
    return this.lock.forceRelease(key)
  }

  getState(key: string): Promise<CircuitBreakerPersistedState | null> {
    return this.circuitBreaker.getState(key)
  }

  setState(key: string, state: CircuitBreakerPersistedState): Promise<void> {
    return this.circuitBreaker.setState(key, state)
  }

  recordFailure(key: string, maxFailures: number): Promise<number> {
    return this.circuitBreaker.recordFailure(key, maxFailures)
  }

  recordSuccess(key: string): Promise<void> {
    return this.circuitBreaker.recordSuccess(key)
  }

  subscribe(key: string, listener: (state: CircuitBreakerPersistedState) => void): () => void {
    return this.circuitBreaker.subscribe(key, listener)
  }

  get(key: string): Promise<unknown>
  get<T>(key: string): Promise<T | null>
  get<T>(key: string): Promise<T | null> {
    return this.cache.get<T>(key)
  }

  set<T>(key: string, value: T, ttl?: number): Promise<void> {
    return this.cache.set(key, value, ttl)
  }

  delete(key: string): Promise<void> {
    return this.cache.delete(key)
  }

  has(key: string): Promise<boolean> {
    return this.cache.has(key)
  }

  clear(options?: StartsWith): Promise<void> {
    return this.cache.clear(options)
  }

  keys(pattern?: string | StartsWith): Promise<string[]> {
    return this.cache.keys(pattern)
  }

  getMany(keys: Iterable<string>): Promise<Map<string, unknown>>
  getMany<T>(keys: Iterable<string>): Promise<Map<string, T>>
  getMany<T>(keys: Iterable<string>): Promise<Map<string, T>> {
    return this.cache.getMany<T>(keys)
  }

  setMany<T>(entries: Iterable<readonly [string, T]>, ttl?: number): Promise<void> {
    return this.cache.setMany(entries, ttl)
  }

  deleteMany(keys: Iterable<string>): Promise<void> {
    return this.cache.deleteMany(keys)
  }

  getOrSet<T>(key: string, load: (run: LoadRun) => T | Promise<T>, options?: GetOrSetOptions<T>): Promise<T> {
    return this.cache.getOrSet(key, load, options)
  }

  save<T>(checkpoint: Checkpoint<T>): Promise<void> {
    return this.checkpoint.save(checkpoint)
  }

  loadLatest(taskId: string): Promise<Checkpoint | undefined>
  loadLatest<T>(taskId: string): Promise<Checkpoint<T> | undefined>
  loadLatest<T>(taskId: string): Promise<Checkpoint<T> | undefined> {
    return this.checkpoint.loadLatest<T>(taskId)
  }

  load(checkpointId: string): Promise<Checkpoint | undefined>
  load<T>(checkpointId: string): Promise<Checkpoint<T> | undefined>
  load<T>(checkpointId: string): Promise<Checkpoint<T> | undefined> {
    return this.checkpoint.load<T>(checkpointId)
  }

  list(taskId: string): Promise<Checkpoint<unknown>[]> {
    return this.checkpoint.list(taskId)
  }

  cleanup(taskId: string, keepCount: number): Promise<void> {
    return this.checkpoint.cleanup(taskId, keepCount)
  }

  deleteAll(taskId: string): Promise<void> {
    return this.checkpoint.deleteAll(taskId)
  }
}
