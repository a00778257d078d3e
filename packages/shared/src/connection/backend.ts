import type { ChangeRecorder, SqlDriver } from '../driver/driver.js'
import type { Diagnostics } from '../errors/diagnostics.js'
import type { PersistenceError } from '../errors/persistence-error.js'
import { AsyncQueue } from '../queue/async-queue.js'
import { BusyRetry } from '../queue/busy-retry.js'
import type { OperationQueue } from '../queue/operation-queue.js'
import type { QueueContext } from '../queue/queue-context.js'
import { QueueWithReaders } from '../queue/queue-with-readers.js'
import { SyncQueue } from '../queue/sync-queue.js'
import { TracedQueue } from '../queue/traced-queue.js'
import type { Clock } from '../time/clock.js'
import type { ConnectionClock } from '../time/connection-clock.js'
import type { TracedDatabase } from '../tracing/traced-database.js'
import type { DatabaseOwner } from './database-owner.js'
import type { ConnectionDialect, Place } from './place.js'

export interface ConnectionOptions {
  readonly clock: Clock
  readonly random: () => number
  /** ms that a call waits for another writer. */
  readonly busyTimeout: number
  /** Default `false`. */
  readonly readOnly?: boolean
  /** Whether no other process or connection can change the database while it is open. Default `false`. */
  readonly immutable?: boolean
  /**
   * Whether no other code uses the handle. On an engine with its own thread, a transaction takes several turns of the event loop.
   * A statement that the app runs on the same handle would become part of it and be rolled back with it. Default `false`.
   */
  readonly exclusive?: boolean
}

/** What a connection passes to its backend. */
export interface BackendContext {
  readonly clock: ConnectionClock
  readonly database: TracedDatabase
  readonly diagnostics: Diagnostics
  /** Call it once when the database is lost; see {@link Place}. */
  lose(reason: PersistenceError): void
}

/** What a connection runs on: a driver in this thread, or the thread or process that owns the database. */
export interface Backend {
  readonly queue: OperationQueue
  readonly place: Place
  readonly readOnly: boolean
  /** Whether writes may share a transaction. */
  readonly sharesCommits: boolean
  /** Absent for a driver in this thread. */
  readonly owner?: DatabaseOwner
  /** Creates the queue of a second connection. Absent when the driver has none. */
  readonly openSecond?: () => OperationQueue
  /** Runs a ping directly on the handle, because the queue of a driver may have ended. */
  ping(): unknown
  /** Records changes on the handle, which must be open. `undefined` on engines without sessions. */
  recorder(): ChangeRecorder | undefined
}

export function backendOf(
  driver: SqlDriver | DatabaseOwner,
  dialect: ConnectionDialect,
  options: ConnectionOptions,
  context: BackendContext,
): Backend {
  return 'synchronous' in driver
    ? overDriver(dialect.adopt(driver, options.readOnly === true), dialect, options, context)
    : overOwner(driver, dialect, context)
}

function overOwner(owner: DatabaseOwner, dialect: ConnectionDialect, context: BackendContext): Backend {
  const queue = new TracedQueue(owner.openQueue(context), context.database)
  return {
    queue,
    place: owner.place,
    readOnly: owner.readOnly,
    sharesCommits: false,
    owner,
    ping: () => queue.query('disconnect', dialect.ping),
    recorder: () => undefined,
  }
}

function overDriver(
  driver: SqlDriver,
  dialect: ConnectionDialect,
  { clock: source, random, busyTimeout, readOnly = false, immutable = false, exclusive = false }: ConnectionOptions,
  { clock, database, diagnostics, lose }: BackendContext,
): Backend {
  const place = dialect.place({ driver, clock, diagnostics, busyTimeout, readOnly, immutable, lose })
  const busyRetry = new BusyRetry(source, random, diagnostics, busyTimeout)
  const context: QueueContext = { dialect, clock, diagnostics, busyRetry, guard: place.guard }
  const second = driver.synchronous ? undefined : driver.secondConnection?.bind(driver)
  return {
    queue: new TracedQueue(queueOf(driver, context, dialect.ping), database),
    place,
    readOnly,
    sharesCommits: driver.synchronous || exclusive,
    ...(second && { openSecond: () => new TracedQueue(new AsyncQueue(second(), context), database) }),
    ping: () => driver.query(dialect.ping, []),
    recorder: () => (driver.synchronous ? driver.recorder : undefined),
  }
}

function queueOf(driver: SqlDriver, context: QueueContext, ping: string): OperationQueue {
  if (driver.synchronous) return new SyncQueue(driver, context)
  const queue = new AsyncQueue(driver, context)
  const { readers = [] } = driver
  if (readers.length === 0) return queue
  return new QueueWithReaders(
    queue,
    readers.map((reader) => new AsyncQueue(reader, context)),
    ping,
  )
}
