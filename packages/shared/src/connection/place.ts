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
  /** Whether nothing may be written, not even what a read would need. */
  readonly readOnly: boolean
  /** Whether nothing else can change the database, as declared by the app. */
  readonly immutable: boolean
  /** Call it once when writes no longer reach the database that other connections find. */
  lose(reason: PersistenceError): void
}

/** The database behind one handle, as the dialect knows it. */
export interface Place {
  readonly guard: WriteGuard
  /** The version of the engine's SQL library. Known after {@link enter}. */
  readonly version: string
  /** The address of the database; empty when no other connection can reach it. Known after {@link enter}. */
  readonly location: string
  /** An id that is equal for all names of the location. `undefined` when {@link location} is empty. */
  readonly identity: string | undefined
  /** Absent for a database that sends none. */
  readonly notifications?: ChangeNotifications | undefined
  /** Whether other connections no longer see what this one writes, nor this one what they write. Absent for `false`. */
  readonly split?: boolean

  /**
   * Probes the engine, prepares the handle and determines which database it leads to. May be called again after a failure.
   *
   * @param queue The queue of the handle.
   */
  enter(queue: OperationQueue): Promise<void>

  /** Call it when the schema has been set up. May be called again. */
  schemaReady(): Promise<void>

  /** Call it when a lock in memory was granted, because that lock protects this process only. */
  lockedInMemory(): void

  /** Stops all timers. */
  stop(): void

  /** Restores the settings that the handle had before {@link enter}. */
  restoreHandle(): Promise<void>

  /** Call it when the handle was closed. */
  closed(): void

  /** Call it when the handle stays open for the app. @param isOpen Returns whether it still is. */
  leftOpen(isOpen: () => Promise<boolean>): void
}

/** What a connection needs of its dialect. */
export interface ConnectionDialect extends QueueDialect {
  /** The `db.system.name` of OpenTelemetry. */
  readonly system: string
  /** What all adapters on one handle must have in common, for people. Absent when that is nothing. */
  readonly onOneHandle?: string
  /** The shortest possible statement. It queries no data. */
  readonly ping: string
  /** Wraps a driver with the additions of the dialect. */
  adopt(driver: SqlDriver, readOnly: boolean): SqlDriver
  /** Present when the database's own clock, not that of each process, decides leases and times to live. */
  readonly bindTime?: BindTime
  /** Called once per connection. Does not query the engine. */
  place(options: PlaceOptions): Place
}
