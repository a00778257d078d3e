import type { SqlDriver } from '../driver/driver.js'
import type { Diagnostics } from '../errors/diagnostics.js'
import type { PersistenceError } from '../errors/persistence-error.js'
import type { OperationQueue } from '../queue/operation-queue.js'
import type { QueueDialect, WriteGuard } from '../queue/queue-context.js'
import type { BindTime, ConnectionClock } from '../time/connection-clock.js'
import type { ChangeNotifications } from './change-notifications.js'

/** What a connection passes to its place. */
export interface PlaceOptions {
  readonly driver: SqlDriver
  readonly clock: ConnectionClock
  readonly diagnostics: Diagnostics
  /** ms that a call waits for another writer. */
  readonly busyTimeout: number
  /** Whether nothing may be written, not even what reading needs. */
  readonly readOnly: boolean
  /** Whether nobody can change the database, as the app says. */
  readonly immutable: boolean
  /** To be called once, when writes no longer reach the database that other connections find. */
  lose(reason: PersistenceError): void
}

/** The database behind one handle, as its dialect knows it. */
export interface Place {
  readonly guard: WriteGuard
  /** The version of the engine's SQL library. Known after {@link enter}. */
  readonly version: string
  /** The address of the database; empty when no other connection can reach it. Known after {@link enter}. */
  readonly location: string
  /** An id that is the same for all names of the location. `undefined` where {@link location} is empty. */
  readonly identity: string | undefined
  /** Absent where the database sends none. */
  readonly notifications?: ChangeNotifications | undefined

  /**
   * Probes the engine, prepares the handle and finds out which database it leads to. May be called again after it failed.
   *
   * @param queue What runs on the handle.
   */
  enter(queue: OperationQueue): Promise<void>

  /** To be called when the schema has been set up. May be repeated. */
  settle(): Promise<void>

  /** To be called when a lock in memory was granted, which protects this process alone. */
  lockedInMemory(): void

  /** Stops what runs from timers. */
  stop(): void

  /** Gives the handle back the settings that it had before {@link enter}. */
  restoreHandle(): Promise<void>

  /** To be called when the handle was closed. */
  closed(): void

  /** To be called when the handle stays open for the app. @param isOpen Tells whether it still is. */
  leftOpen(isOpen: () => Promise<boolean>): void
}

/** What a connection needs of its dialect. */
export interface ConnectionDialect extends QueueDialect {
  /** As OpenTelemetry names it in `db.system.name`. */
  readonly system: string
  /** What all adapters on one handle must have alike, for people. Absent where that is nothing. */
  readonly onOneHandle?: string
  /** The shortest statement there is. Asks nothing of the database. */
  readonly ping: string
  /** Wraps a driver in what the dialect adds to it. */
  adopt(driver: SqlDriver, readOnly: boolean): SqlDriver
  /** Present where the database's own clock judges leases and times to live, and not that of each process. */
  readonly bindTime?: BindTime
  /** Called once per connection. Asks the engine nothing. */
  place(options: PlaceOptions): Place
}
