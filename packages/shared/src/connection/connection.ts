import { randomUUID } from 'node:crypto'
import type { ChangeRecorder, SqlDriver } from '../driver/driver.js'
import { Diagnostics } from '../errors/diagnostics.js'
import { PersistenceError } from '../errors/persistence-error.js'
import { MadeUpOwners, ownerPrefix } from '../processes/made-up-owner.js'
import { ClosedQueue, closedError } from '../queue/closed-queue.js'
import type { OperationQueue } from '../queue/operation-queue.js'
import { nextTurn } from '../time/clock.js'
import { ConnectionClock } from '../time/connection-clock.js'
import type { TracedDatabase } from '../tracing/traced-database.js'
import { type Backend, backendOf, type ConnectionOptions } from './backend.js'
import { Closing } from './closing.js'
import type { DatabaseOwner } from './database-owner.js'
import { claimHandle, giveHandleBack } from './one-copy.js'
import type { ConnectionDialect, Place } from './place.js'

/** A session, as its connection sees it. */
export interface ConnectionUser {
  /** The database is gone: nothing may be written any more. */
  connectionLost(): void
}

/** What {@link Connection.shared} tells the state that it keeps about the end of the connection. */
export interface EndsWithConnection {
  /** The connection ends: called before it waits for what is in flight. */
  ending?(): void
  /** Nothing is in flight any more. */
  ended?(): void
  /** The database is gone: nothing may be written any more. */
  lost?(reason: PersistenceError): void
}

const connections = new WeakMap<object, Connection>()

/**
 * One engine handle with everything that must exist once per handle: the queue and its prepared statements, and the state
 * that stores keep beside it. Adapters on one handle share it; the last one to leave closes it.
 *
 * States: open from the first `join`, draining when the last user leaves, closed after that.
 */
export class Connection {
  /** Replaced by one that refuses when the connection has ended. */
  queue: OperationQueue
  #aside: OperationQueue | undefined
  readonly diagnostics: Diagnostics
  readonly clock: ConnectionClock
  readonly random: () => number
  readonly engine: string
  /** How messages of `node:diagnostics_channel` name it. */
  readonly database: TracedDatabase
  readonly readOnly: boolean
  readonly place: Place
  /** The thread or process that owns the database, where that is another one. */
  readonly owner: DatabaseOwner | undefined
  // Not from the `random` option: two processes that seed it alike would take each other's locks and claims for their own.
  readonly owners: MadeUpOwners = new MadeUpOwners(randomUUID())
  /**
   * Begins the names of owners that are made up for locks in memory: in that of {@link owner}, where there is one. Connections
   * that have their locks in one memory, and their turns to load from one owner, have the same, and no others.
   */
  readonly lockOwnerPrefix: string
  readonly #handle: object
  readonly #dialect: ConnectionDialect
  readonly #backend: Backend
  /**
   * The connection that had the handle before, and may be about to leave it: two queues on one handle would share its
   * transactions.
   */
  #predecessor: Connection | undefined
  readonly #users = new Set<ConnectionUser>()
  readonly #shared = new Map<new (connection: Connection) => object, EndsWithConnection>()
  #opened: Promise<void> | undefined
  #closed: Promise<void> | undefined
  readonly #closing: Closing
  #lost: PersistenceError | undefined

  /**
   * The connection of `handle`, made at the first call; options of later calls have no effect.
   *
   * @throws PersistenceError `SECOND_COPY`; `INVALID_OPTION` where the adapters that have it are about something else.
   */
  static of(
    handle: object,
    driver: () => SqlDriver | DatabaseOwner,
    dialect: ConnectionDialect,
    options: ConnectionOptions,
  ): Connection {
    const existing = connections.get(handle)
    if (existing !== undefined && existing.#closed === undefined) return existing.#sharedBy(dialect)
    const connection = new Connection(handle, driver(), dialect, options, existing)
    claimHandle(handle)
    connections.set(handle, connection)
    return connection
  }

  private constructor(
    handle: object,
    over: SqlDriver | DatabaseOwner,
    dialect: ConnectionDialect,
    options: ConnectionOptions,
    predecessor: Connection | undefined,
  ) {
    this.clock = new ConnectionClock(options.clock, dialect.bindTime)
    this.random = options.random
    this.engine = over.engine
    const connection = this
    this.database = {
      system: dialect.system,
      engine: over.engine,
      get location() {
        return connection.place.location
      },
    }
    this.diagnostics = new Diagnostics(dialect.classify, this.database)
    this.#handle = handle
    this.#dialect = dialect
    this.#predecessor = predecessor
    const { clock, database, diagnostics } = this
    this.#backend = backendOf(over, dialect, options, {
      clock,
      database,
      diagnostics,
      lose: (reason) => this.#lose(reason),
    })
    const { queue, place, readOnly, owner, ask } = this.#backend
    this.queue = queue
    this.place = place
    this.readOnly = readOnly
    this.owner = owner
    this.lockOwnerPrefix = owner?.lockOwnerPrefix ?? ownerPrefix(randomUUID())
    this.#closing = new Closing(ask, queue, place, dialect)
  }

  /** What adapters on one handle share, such as listeners, goes by keys alone. */
  #sharedBy({ onOneHandle }: ConnectionDialect): this {
    const own = this.#dialect.onOneHandle
    if (own === onOneHandle) return this
    throw new PersistenceError(
      'INVALID_OPTION',
      'options',
      `options: an adapter with ${own} uses the handle, so one with ${onOneHandle} needs a handle of its own`,
    )
  }

  /** Why the database that was opened cannot be written any more; `undefined` while it can. */
  get lost(): PersistenceError | undefined {
    return this.#lost
  }

  /**
   * The queue for calls that may take long: that of a second connection where the driver can have one, so that the calls of
   * {@link queue} do not wait for them; else {@link queue}. Calls of the two queues are in no order to one another.
   */
  get aside(): OperationQueue {
    const { openAside } = this.#backend
    if (openAside === undefined || this.#closed !== undefined) return this.queue
    this.#aside ??= openAside()
    this.#aside.readOnly = this.queue.readOnly
    return this.#aside
  }

  /** Records changes on the handle, which must be open. `undefined` on engines without sessions. */
  get recorder(): ChangeRecorder | undefined {
    return this.#backend.recorder()
  }

  /** Whether writes still reach the database that was opened. */
  get usable(): boolean {
    return this.#closed === undefined && this.#lost === undefined
  }

  /**
   * The one `State` of this connection, whichever adapter needs it first. Made at the first call; see also
   * {@link EndsWithConnection}.
   */
  shared<State extends object>(State: new (connection: Connection) => State): State {
    const existing = this.#shared.get(State)
    if (existing !== undefined) return existing as State
    const made = new State(this)
    this.#shared.set(State, made)
    return made
  }

  /**
   * ms that have passed since the statement of a lease ran.
   *
   * @param ranAt The time that was bound, as its row gives it.
   * @param asked Monotonic ms of the call.
   * @param now Monotonic ms.
   */
  sinceRun(ranAt: unknown, asked: number, now: number): number {
    // Where another thread or process ran it, its lease clock may be ahead of the one here.
    return this.owner === undefined ? this.clock.lease.now() - Number(ranAt) : now - asked
  }

  join(user: ConnectionUser): void {
    this.#users.add(user)
  }

  /** Finds out where the handle leads, once; a failure is forgotten, so that the next call tries again. */
  open(): Promise<void> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost)
    if (this.#closed !== undefined) return Promise.reject(closedError('connect'))
    this.#opened ??= this.#open().catch((error: unknown) => {
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
    this.#users.delete(user)
    if (this.#users.size === 0) return this.close(keepHandle)
    // Not until nothing waits: other users may go on calling for ever. This one has its turn after all that was called
    // before it; its result does not matter.
    await this.queue.query('disconnect', this.#dialect.ping).catch(() => undefined)
  }

  /** Waits for what is in flight and ends the connection, also while adapters use it. Tries again where that failed. */
  close(keepHandle: boolean): Promise<void> {
    if (this.#closed === undefined) this.#closed = this.#close(keepHandle)
    else if (this.#closing.failed && this.#hasHandle()) this.#closed = this.#leaveHandle(keepHandle)
    return this.#closed
  }

  async #open(): Promise<void> {
    const predecessor = this.#predecessor
    if (predecessor !== undefined) await predecessor.#closed?.catch(() => undefined) // Its caller has been told.
    await this.place.enter(this.queue)
    if (this.place.identity !== undefined) {
      this.clock.enterFile(this.place.identity)
      this.queue.readOnly = this.readOnly
      this.queue.groupWrites = this.#backend.sharesCommits
    }
    predecessor?.place.closed()
    this.#predecessor = undefined
  }

  #lose(reason: PersistenceError): void {
    this.#lost = reason
    for (const user of this.#users) user.connectionLost()
    for (const state of this.#shared.values()) state.lost?.(reason)
  }

  async #close(keepHandle: boolean): Promise<void> {
    this.place.stop()
    for (const state of this.#shared.values()) state.ending?.()
    await this.#finish()
    for (const state of this.#shared.values()) state.ended?.()
    this.clock.leaveFile()
    this.queue = new ClosedQueue()
    // The second connection does not run on the handle of the app.
    await this.#aside?.close(false).catch((error: unknown) => this.diagnostics.backgroundError('disconnect', error))
    await this.#leaveHandle(keepHandle)
  }

  async #leaveHandle(keepHandle: boolean): Promise<void> {
    await this.#closing.run(keepHandle)
    if (this.#hasHandle()) giveHandleBack(this.#handle)
  }

  /** Whether no other connection has been made on the handle meanwhile. */
  #hasHandle(): boolean {
    return connections.get(this.#handle) === this
  }

  /**
   * Waits until nothing is under way, also of operations that send a second statement once they have the first's rows.
   */
  async #finish(): Promise<void> {
    do {
      await this.queue.drain()
      await this.#aside?.drain()
      await nextTurn()
    } while (!this.queue.idle || this.#aside?.idle === false)
  }
}
