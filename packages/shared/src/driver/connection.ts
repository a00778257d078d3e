import { StateListeners } from '../circuit-breaker/state-listeners.js'
import { classify } from '../errors/classify.js'
import { PersistenceError } from '../errors/persistence-error.js'
import { type EngineLibrary, OpenFile } from '../file/open-file.js'
import { unsafeEnvironment } from '../file/unsafe-environment.js'
import { KeyWaiters } from '../idempotency/key-waiters.js'
import { HoldTables } from '../lock/hold-tables.js'
import type { Clock } from '../time/clock.js'
import { nextTurn } from '../time/next-turn.js'
import { AsyncQueue } from './async-queue.js'
import { ClosedQueue, closedError } from './closed-queue.js'
import { Diagnostics } from './diagnostics.js'
import type { SqlDriver } from './driver.js'
import { probeEngine } from './engine-probe.js'
import type { OperationQueue } from './operation-queue.js'
import { Patience } from './patience.js'
import { SyncQueue } from './sync-queue.js'

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

// How long the engine itself waits for another writer. A synchronous engine holds the event loop meanwhile, one waiting
// connection after the other, and an asynchronous one a pool thread, of which a process has four: with the default of
// one engine, 1000 ms, the holder of the write lock found no thread to go on with until those who waited for it had
// given up. See docs/decisions/0006-short-engine-waits.md.
const ENGINE_WAIT_MS = { synchronous: 3, asynchronous: 10 }

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
  readonly clock: Clock
  readonly random: () => number
  readonly locks: HoldTables
  readonly stateListeners: StateListeners
  readonly keyWaiters: KeyWaiters = new KeyWaiters()
  /** `getOrSet` loads in flight, by stored key. */
  readonly loads: Map<string, Promise<unknown>> = new Map()
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
  readonly #library: EngineLibrary
  readonly #synchronous: boolean
  readonly #busyTimeout: number
  #appsEngineWait: number | undefined
  /** Settles when whoever had the handle before has left it: two queues on one handle would share its transactions. */
  readonly #free: Promise<unknown> | undefined
  readonly #sessions = new Set<ConnectionUser>()
  #opened: Promise<void> | undefined
  #closed: Promise<void> | undefined
  #lost: PersistenceError | undefined
  #openFile: OpenFile | undefined

  /** The connection of `handle`, made at the first call; options of later calls have no effect. */
  static of(handle: object, driver: () => SqlDriver, options: ConnectionOptions): Connection {
    const existing = connections.get(handle)
    if (existing !== undefined && existing.#closed === undefined) return existing
    const connection = new Connection(driver(), options, existing === undefined ? undefined : existing.#closed)
    connections.set(handle, connection)
    return connection
  }

  private constructor(driver: SqlDriver, options: ConnectionOptions, predecessor: Promise<void> | undefined) {
    this.clock = options.clock
    this.random = options.random
    this.engine = driver.engine
    this.#library = driver
    this.#synchronous = driver.synchronous
    this.#busyTimeout = options.busyTimeout
    this.#free = predecessor?.catch(() => undefined) // Whoever closed it has been told.
    const patience = new Patience(options.clock, options.random, this.diagnostics, options.busyTimeout)
    this.queue = driver.synchronous
      ? new SyncQueue(driver, options.clock, patience, this.diagnostics)
      : new AsyncQueue(driver, options.clock, patience, this.diagnostics)
    this.locks = new HoldTables(options.clock, options.random)
    this.stateListeners = new StateListeners(this.diagnostics)
  }

  /** Whether what is written still reaches the file that was opened. */
  get usable(): boolean {
    return this.#closed === undefined && this.#lost === undefined
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
      throw error
    })
    return this.#opened
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

  /** Waits for what is in flight and ends the connection, whoever uses it. */
  close(keepHandle: boolean): Promise<void> {
    this.#closed ??= this.#close(keepHandle)
    return this.#closed
  }

  async #probe(): Promise<void> {
    await this.#free
    const [wait] = await this.queue.query('connect', 'PRAGMA busy_timeout')
    this.#appsEngineWait ??= Number(wait?.timeout)
    await setEngineWait(this.queue, Math.min(this.#engineWait, this.#busyTimeout))
    this.sqliteVersion = await probeEngine(this.queue, this.engine)
    const databases = await this.queue.query('connect', 'PRAGMA database_list')
    this.file = String(databases.find(({ name }) => name === 'main')?.file ?? '')
    if (this.file === '') return
    this.#openFile ??= await OpenFile.enter(this.file, this.#library, this.clock, (reason) => this.#lose(reason))
    for (const problem of await unsafeEnvironment(this.file, this.sqliteVersion)) {
      this.diagnostics.emit({ type: 'unsafe-environment', file: this.file, problem })
    }
    this.queue.groupWrites = this.#synchronous || this.ownHandle
  }

  get #engineWait(): number {
    return this.#synchronous ? ENGINE_WAIT_MS.synchronous : ENGINE_WAIT_MS.asynchronous
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
    const { queue } = this
    this.queue = new ClosedQueue()
    try {
      if (keepHandle && this.#appsEngineWait !== undefined) await setEngineWait(queue, this.#appsEngineWait)
      await queue.close(keepHandle)
    } catch (error) {
      const reason = classify(error, 'disconnect')
      // That the app has closed its handle already is no failure to close it. After any other one the file is still open,
      // and stays in the registry.
      if (reason.code !== 'CLOSED') throw reason.code === 'BUSY' ? handleInUse(error) : reason
    }
    this.#openFile?.leave()
  }

  /** Waits until nothing is under way, also of operations that send a second statement once they have the first's rows. */
  async #finish(): Promise<void> {
    do {
      await this.queue.drain()
      await nextTurn()
    } while (!this.queue.idle)
  }
}

async function setEngineWait(queue: OperationQueue, ms: number): Promise<void> {
  await queue.query('connect', `PRAGMA busy_timeout = ${Math.floor(ms)}`)
  const [set] = await queue.query('connect', 'PRAGMA busy_timeout')
  if (Number(set?.timeout) === Math.floor(ms)) return
  throw new PersistenceError('ENGINE_UNSUPPORTED', 'connect', `connect: the engine did not set busy_timeout to ${ms}`)
}

/** SQLite refuses to close under statements of the app. */
function handleInUse(cause: unknown): PersistenceError {
  return new PersistenceError(
    'SQL',
    'disconnect',
    'disconnect: the handle stays open, because the app has statements on it; finalize them and close it, or pass closeOnDisconnect: false',
    cause,
  )
}
