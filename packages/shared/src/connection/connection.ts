import { randomUUID } from 'node:crypto'
import type { ChangeRecorder, SqlDriver } from '../driver/driver.js'
import { Diagnostics } from '../errors/diagnostics.js'
import { PersistenceError } from '../errors/persistence-error.js'
import { GeneratedOwners, ownerPrefix } from '../processes/generated-owner.js'
import { ClosedQueue, closedError } from '../queue/closed-queue.js'
import type { CloseOptions, OperationQueue } from '../queue/operation-queue.js'
import { nextTurn } from '../time/clock.js'
import { ConnectionClock } from '../time/connection-clock.js'
import type { TracedDatabase } from '../tracing/traced-database.js'
import { type Backend, backendOf, type ConnectionOptions } from './backend.js'
import type { DatabaseOwner } from './database-owner.js'
import { HandleRelease } from './handle-release.js'
import { claimHandle, releaseHandle } from './one-copy.js'
import type { ConnectionDialect, Place } from './place.js'
import { SharedStates } from './shared-states.js'

/** A session, as seen by its connection. */
export interface ConnectionUser {
  /** Called when the database is lost: nothing may be written any longer. */
  connectionLost(): void
}

/** See {@link Connection.timeRun}. */
export type SinceRun = (ranAt: unknown) => number

const connections = new WeakMap<object, Connection>()

/**
 * One engine handle with everything that must exist once per handle: the queue, its prepared statements, and the shared state of
 * the stores. Adapters on one handle share it; the last one to leave closes it.
 *
 * States: open from the first `join`, draining when the last user leaves, then closed.
 */
export class Connection {
  /** Replaced by a queue that refuses calls when the connection has ended. */
  queue: OperationQueue
  #secondQueue: OperationQueue | undefined
  readonly diagnostics: Diagnostics
  readonly clock: ConnectionClock
  readonly random: () => number
  readonly engine: string
  /** How messages of `node:diagnostics_channel` name this connection's database. */
  readonly database: TracedDatabase
  readonly readOnly: boolean
  readonly place: Place
  /** The thread or process that owns the database, if it is another one. */
  readonly owner: DatabaseOwner | undefined
  // Not from the `random` option: two processes with the same seed would take each other's locks and claims for their own.
  readonly owners: GeneratedOwners = new GeneratedOwners(randomUUID())
  /**
   * Starts the generated owner names of locks in memory. It is that of {@link owner}, if there is one. Exactly those connections
   * have it in common whose locks are in the same memory and whose turns to load come from the same owner.
   */
  readonly lockOwnerPrefix: string
  readonly #handle: object
  readonly #dialect: ConnectionDialect
  readonly #backend: Backend
  /**
   * The connection that had the handle before and may still be leaving it. Two active queues on one handle would mix their
   * transactions, and closing the handle would end the calls of the other one.
   */
  #predecessor: Connection | undefined
  readonly #users = new Set<ConnectionUser>()
  readonly #states: SharedStates<Connection> = new SharedStates<Connection>(this)
  #opening: Promise<void> | undefined
  /** Set once the connection begins to end. */
  #closing: Promise<void> | undefined
  readonly #handleRelease: HandleRelease
  #lost: PersistenceError | undefined

  /**
   * Returns the connection of `handle`. The first call creates it; options of later calls have no effect.
   *
   * @throws PersistenceError `SECOND_COPY`; `INVALID_OPTION` when the adapters on the handle differ in what they must have in
   *   common.
   */
  static of(
    handle: object,
    driver: () => SqlDriver | DatabaseOwner,
    dialect: ConnectionDialect,
    options: ConnectionOptions,
  ): Connection {
    const existing = connections.get(handle)
    if (existing !== undefined && existing.#closing === undefined) return existing.#sharedBy(dialect)
    const connection = new Connection(handle, driver(), dialect, options, existing)
    claimHandle(handle)
    connections.set(handle, connection)
    return connection
  }

  private constructor(
    handle: object,
    driver: SqlDriver | DatabaseOwner,
    dialect: ConnectionDialect,
    options: ConnectionOptions,
    predecessor: Connection | undefined,
  ) {
    this.clock = new ConnectionClock(options.clock, dialect.bindTime)
    this.random = options.random
    this.engine = driver.engine
    const connection = this
    this.database = {
      system: dialect.system,
      engine: driver.engine,
      get location() {
        return connection.place.location
      },
    }
    this.diagnostics = new Diagnostics(dialect.classify, this.database)
    this.#handle = handle
    this.#dialect = dialect
    this.#predecessor = predecessor
    const { clock, database, diagnostics } = this
    this.#backend = backendOf(driver, dialect, options, {
      clock,
      database,
      diagnostics,
      lose: (reason) => this.#lose(reason),
    })
    const { queue, place, readOnly, owner, ping } = this.#backend
    this.queue = queue
    this.place = place
    this.readOnly = readOnly
    this.owner = owner
    this.lockOwnerPrefix = owner?.lockOwnerPrefix ?? ownerPrefix(randomUUID())
    this.#handleRelease = new HandleRelease(ping, queue, place, dialect)
  }

  /** Requires equal `onOneHandle`: adapters on one handle share state, such as listeners, that is looked up by key alone. */
  #sharedBy({ onOneHandle }: ConnectionDialect): this {
    const own = this.#dialect.onOneHandle
    if (own === onOneHandle) return this
    throw new PersistenceError(
      'INVALID_OPTION',
      'options',
      `options: an adapter with ${own} uses the handle, so one with ${onOneHandle} needs a handle of its own`,
    )
  }

  /** Why the opened database cannot be written any longer; `undefined` while it can. */
  get lost(): PersistenceError | undefined {
    return this.#lost
  }

  /**
   * The queue for calls that may take long. It belongs to a second connection if the driver can have one, so that calls of
   * {@link queue} do not wait for them; otherwise it is {@link queue}. Calls of the two queues are not ordered.
   */
  get queueForLongCalls(): OperationQueue {
    const { openSecond } = this.#backend
    if (openSecond === undefined || this.#closing !== undefined) return this.queue
    this.#secondQueue ??= openSecond()
    this.#secondQueue.readOnly = this.queue.readOnly
    return this.#secondQueue
  }

  /** Records changes on the handle, which must be open. `undefined` on engines without sessions. */
  get recorder(): ChangeRecorder | undefined {
    return this.#backend.recorder()
  }

  /** Whether writes still reach the database that was opened. */
  get usable(): boolean {
    return this.#closing === undefined && this.#lost === undefined
  }

  /**
   * Returns the one `State` of this connection, for all adapters. Created at the first call; see also `EndsWithConnection`.
   */
  shared<State extends object>(State: new (connection: Connection) => State): State {
    return this.#states.get(State)
  }

  /**
   * Call it before a statement of a lease is called.
   *
   * @returns a function that takes the time that was bound, from the row of the statement, and returns the ms since then.
   */
  timeRun(): SinceRun {
    const { clock } = this
    if (this.owner === undefined) return (ranAt) => clock.lease.now() - Number(ranAt)
    // If another thread or process runs the statement, its lease clock may be ahead of the local one. So the time is measured from
    // the call, by both clocks: the monotonic clock may stand still while the machine is suspended.
    const [wall, monotonic] = [clock.now(), clock.monotonic()]
    return () => Math.max(clock.now() - wall, clock.monotonic() - monotonic)
  }

  join(user: ConnectionUser): void {
    this.#users.add(user)
  }

  /** Determines once where the handle leads. A failure is not kept: the next call retries. */
  open(): Promise<void> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost)
    if (this.#closing !== undefined) return Promise.reject(closedError('connect'))
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  /**
   * Leaves the connection. The last user waits for the calls in flight, finalizes every statement and closes the handle.
   */
  async leave(user: ConnectionUser, options: CloseOptions): Promise<void> {
    this.#users.delete(user)
    if (this.#users.size === 0) return this.close(options)
    // Do not wait for an empty queue: other users may continue to call forever. This ping runs after all earlier calls; its
    // result does not matter.
    await this.queue.query('disconnect', this.#dialect.ping).catch(() => undefined)
  }

  /** Waits for the calls in flight and ends the connection, even while adapters use it. Retries if that failed before. */
  close(options: CloseOptions = {}): Promise<void> {
    if (this.#closing === undefined) this.#closing = this.#close(options)
    else if (this.#handleRelease.failed && this.#hasHandle()) this.#closing = this.#leaveHandle(options)
    return this.#closing
  }

  async #open(): Promise<void> {
    await this.#predecessorLeft()
    await this.place.enter(this.queue)
    if (this.place.identity !== undefined) {
      this.clock.enterFile(this.place.identity)
      this.queue.readOnly = this.readOnly
      this.queue.groupWrites = this.#backend.sharesCommits
    }
    this.#predecessor?.place.closed()
    this.#predecessor = undefined
  }

  #lose(reason: PersistenceError): void {
    this.#lost = reason
    for (const user of this.#users) user.connectionLost()
    this.#states.lost(reason)
  }

  async #close(options: CloseOptions): Promise<void> {
    this.place.stop()
    this.#states.ending()
    await this.#finish()
    this.#states.ended()
    this.clock.leaveFile()
    this.queue = new ClosedQueue()
    // The second connection does not run on the handle of the app.
    await this.#secondQueue
      ?.close({ split: this.place.split })
      .catch((error: unknown) => this.diagnostics.backgroundError('disconnect', error))
    await this.#predecessorLeft()
    this.#predecessor = undefined
    await this.#leaveHandle(options)
  }

  async #leaveHandle(options: CloseOptions): Promise<void> {
    await this.#handleRelease.run(options)
    if (this.#hasHandle()) releaseHandle(this.#handle)
  }

  /** Settles when {@link #predecessor} needs the handle no longer. Its own caller receives the error of its close. */
  async #predecessorLeft(): Promise<void> {
    if (this.#predecessor !== undefined) await this.#predecessor.#closing?.catch(() => undefined)
  }

  /** Returns whether no newer connection was made on the handle. */
  #hasHandle(): boolean {
    return connections.get(this.#handle) === this
  }

  /** Waits until nothing is in flight, including operations that send a second statement after the rows of the first. */
  async #finish(): Promise<void> {
    do {
      await this.queue.drain()
      await this.#secondQueue?.drain()
      await nextTurn()
    } while (!this.queue.idle)
  }
}
