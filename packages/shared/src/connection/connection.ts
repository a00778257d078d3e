import { EngineWait } from '../dialects/sqlite/engine/busy-timeout.js'
import { probeEngine } from '../dialects/sqlite/engine/engine-probe.js'
import { LogWatch } from '../dialects/sqlite/file/log-watch.js'
import { OpenFile } from '../dialects/sqlite/file/open-file.js'
import type { SqlDriver } from '../driver/driver.js'
import { Diagnostics } from '../errors/diagnostics.js'
import type { PersistenceError } from '../errors/persistence-error.js'
import { cannotJustRead } from '../errors/read-only.js'
import { AsyncQueue } from '../queue/async-queue.js'
import { Patience } from '../queue/busy-retry.js'
import { ClosedQueue, closedError } from '../queue/closed-queue.js'
import type { OperationQueue } from '../queue/operation-queue.js'
import { SyncQueue } from '../queue/sync-queue.js'
import { Loads } from '../stores/cache/loads.js'
import { StateListeners } from '../stores/circuit-breaker/state-listeners.js'
import { KeyWaiters } from '../stores/idempotency/key-waiters.js'
import { HoldTables } from '../stores/lock/hold-tables.js'
import type { Clock } from '../time/clock.js'
import { ConnectionClock } from '../time/connection-clock.js'
import { nextTurn } from '../time/next-turn.js'
import { HandleEnd } from './closing.js'
import { disownHandle, ownHandle } from './one-copy.js'

export interface ConnectionOptions {
  readonly clock: Clock
  readonly random: () => number
  /** ms a caller is willing to wait for another writer. */
  readonly busyTimeout: number
}

/** Who uses a connection. */
export interface ConnectionUser {
  /** Nothing may be written any more: the file is gone. */
  connectionLost(): void
}

const connections = new WeakMap<object, Connection>()

/**
 * One engine handle with everything that must exist once per handle: the queue and its prepared statements, the lock
 * table, the listeners, the loads in flight. Adapters on one handle share it; the last one to leave closes it.
 *
 * States: open from the first `join`, draining when the last user leaves, closed after that.
 */
export class Connection {
  /** Replaced by one that refuses when the connection has ended. */
  queue: OperationQueue
  readonly diagnostics: Diagnostics = new Diagnostics()
  readonly clock: ConnectionClock
  readonly random: () => number
  readonly locks: HoldTables
  readonly stateListeners: StateListeners
  readonly keyWaiters: KeyWaiters = new KeyWaiters()
  readonly loads: Loads = new Loads()
  readonly engine: string
  /** The main database file; empty for a database in memory. Known after {@link open}. */
  file = ''
  sqliteVersion = ''
  readOnly = false
  /**
   * Whether nobody else has the handle. On an engine with a thread of its own a transaction spans several turns, and what
   * the app runs on a shared handle meanwhile would fall into it, and be undone with it.
   */
  ownHandle = false
  readonly #handle: object
  readonly #driver: SqlDriver
  readonly #engineWait: EngineWait
  /** Who had the handle before, and may be about to leave it: two queues on one handle would share its transactions. */
  #predecessor: Connection | undefined
  readonly #sessions = new Set<ConnectionUser>()
  #opened: Promise<void> | undefined
  #closed: Promise<void> | undefined
  readonly #end: HandleEnd
  #lost: PersistenceError | undefined
  readonly #log: LogWatch
  #openFile: OpenFile | undefined

  /**
   * The connection of `handle`, made at the first call; options of later calls have no effect.
   *
   * @throws PersistenceError `SECOND_COPY`.
   */
  static of(handle: object, driver: () => SqlDriver, options: ConnectionOptions): Connection {
    const existing = connections.get(handle)
    if (existing !== undefined && existing.#closed === undefined) return existing
    const connection = new Connection(handle, driver(), options, existing)
    ownHandle(handle)
    connections.set(handle, connection)
    return connection
  }

  private constructor(
    handle: object,
    driver: SqlDriver,
    options: ConnectionOptions,
    predecessor: Connection | undefined,
  ) {
    this.clock = new ConnectionClock(options.clock)
    this.random = options.random
    this.engine = driver.engine
    this.#handle = handle
    this.#driver = driver
    this.#predecessor = predecessor
    this.#log = new LogWatch(this.clock, (reason) => this.#lose(reason))
    const patience = new Patience(options.clock, options.random, this.diagnostics, options.busyTimeout)
    this.queue = driver.synchronous
      ? new SyncQueue(driver, this.clock, patience, this.diagnostics, this.#log)
      : new AsyncQueue(driver, this.clock, patience, this.diagnostics, this.#log)
    const { queue, engine } = this
    this.#engineWait = new EngineWait({ queue, engine }, options.busyTimeout)
    this.#end = new HandleEnd(driver, queue, this.#engineWait)
    this.locks = new HoldTables(options.clock, options.random)
    this.stateListeners = new StateListeners(this.diagnostics)
  }

  /** Whether what is written still reaches the file that was opened. */
  get usable(): boolean {
    return this.#closed === undefined && this.#lost === undefined
  }

  /** Device and inode of the file that the engine opened; `undefined` in memory. Known after {@link open}. */
  get fileIdentity(): string | undefined {
    return this.#openFile?.identity
  }

  join(user: ConnectionUser): void {
    this.#sessions.add(user)
  }

  /** Probes engine and file once; a failure is forgotten, so that the next call tries again. */
  open(): Promise<void> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost)
    if (this.#closed !== undefined) return Promise.reject(closedError('connect'))
    this.#opened ??= this.#probe().catch((error: unknown) => {
      this.#opened = undefined
      throw this.readOnly ? cannotJustRead(error) : error
    })
    return this.#opened
  }

  /** To be called when what connects has read the file. May be repeated. @throws PersistenceError `SECOND_LIBRARY`. */
  async watchLog(): Promise<void> {
    await this.#openFile?.watchLog()
  }

  /** A lock in memory was granted. */
  lockedInMemory(): void {
    this.#openFile?.lockedInMemory()
  }

  /**
   * Leaves the connection. The last user waits for what is in flight, finalizes every statement and, unless `keepHandle`,
   * closes the handle.
   */
  async leave(user: ConnectionUser, keepHandle: boolean): Promise<void> {
    this.#sessions.delete(user)
    if (this.#sessions.size === 0) return this.close(keepHandle)
    // Not until nothing waits, which others may see to for ever. This one has its turn after all that was called before
    // it and asks nothing of the file; what it answers does not matter.
    await this.queue.query('disconnect', 'SELECT 1').catch(() => undefined)
  }

  /** Waits for what is in flight and ends the connection, whoever uses it. Tries again where that failed. */
  close(keepHandle: boolean): Promise<void> {
    if (this.#closed === undefined) this.#closed = this.#close(keepHandle)
    else if (this.#end.failed && this.#hasHandle()) this.#closed = this.#leaveHandle(keepHandle)
    return this.#closed
  }

  async #probe(): Promise<void> {
    const predecessor = this.#predecessor
    if (predecessor !== undefined) await predecessor.#closed?.catch(() => undefined) // Whoever closed it has been told.
    await this.#engineWait.shorten()
    this.sqliteVersion = await probeEngine(this.queue, this.engine)
    const databases = await this.queue.query('connect', 'PRAGMA database_list')
    this.file = String(databases.find(({ name }) => name === 'main')?.file ?? '')
    if (this.file !== '') await this.#enterFile()
    if (predecessor !== undefined) predecessor.#openFile?.leave()
    this.#predecessor = undefined
  }

  async #enterFile(): Promise<void> {
    const { queue, diagnostics } = this
    const user = { queue, diagnostics, log: this.#log, lose: (reason: PersistenceError) => this.#lose(reason) }
    this.#openFile ??= await OpenFile.enter(this.file, this.#driver, this.clock, user)
    this.clock.enterFile(this.#openFile.identity)
    this.queue.readOnly = this.readOnly
    await this.#openFile.lookAround(this.sqliteVersion)
    this.queue.groupWrites = this.#driver.synchronous || this.ownHandle
    await this.watchLog()
  }

  #lose(reason: PersistenceError): void {
    this.#lost = reason
    for (const user of this.#sessions) user.connectionLost()
  }

  async #close(keepHandle: boolean): Promise<void> {
    this.#openFile?.stopWatching()
    this.keyWaiters.wakeAll()
    await this.#finish()
    this.locks.dropAll()
    this.clock.leaveFile()
    this.queue = new ClosedQueue()
    await this.#leaveHandle(keepHandle)
  }

  async #leaveHandle(keepHandle: boolean): Promise<void> {
    await this.#end.run(this.#openFile, keepHandle)
    if (this.#hasHandle()) disownHandle(this.#handle)
  }

  /** Whether no other connection has been made on the handle meanwhile. */
  #hasHandle(): boolean {
    return connections.get(this.#handle) === this
  }

  /** Waits until nothing is under way, also of operations that send a second statement once they have the first's rows. */
  async #finish(): Promise<void> {
    do {
      await this.queue.drain()
      await nextTurn()
    } while (!this.queue.idle)
  }
}
