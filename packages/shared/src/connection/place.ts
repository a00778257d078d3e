import type { SqlDriver } from '../driver/driver.js'
import type { Diagnostics } from '../errors/diagnostics.js'
import type { PersistenceError } from '../errors/persistence-error.js'
import type { OperationQueue } from '../queue/operation-queue.js'
import type { QueueDialect, WriteGuard } from '../queue/queue-context.js'
import type { BindTime, ConnectionClock } from '../time/connection-clock.js'
import type { News } from './news.js'

/** What a connection gives to the place that it leads to. */
export interface PlaceOptions {
  readonly driver: SqlDriver
  readonly clock: ConnectionClock
  readonly diagnostics: Diagnostics
  /** ms a caller is willing to wait for another writer. */
  readonly busyTimeout: number
  /** Nothing may be written: not even what reading needs. */
  readonly readOnly: boolean
  /** The app says that nobody can change the database. */
  readonly immutable: boolean
  /** To be called once, when writes would no longer reach the database that other connections find. */
  lose(reason: PersistenceError): void
}

/** The database behind one handle, as its dialect knows it. */
export interface Place {
  readonly guard: WriteGuard
  /** What the engine's SQL library calls its version. Known after {@link enter}. */
  readonly version: string
  /** Where the database is; empty when no other connection can reach it. Known after {@link enter}. */
  readonly location: string
  /** The same for every name of the location. `undefined` where that is empty. */
  readonly identity: string | undefined
  /** Absent where the database tells nothing. */
  readonly news?: News | undefined

  /**
   * Probes the engine, makes the handle ready and finds out where it leads. May be called again after it failed.
   *
   * @param queue What runs on the handle.
   */
  enter(queue: OperationQueue): Promise<void>

  /** To be called when the schema has been set up. May be repeated. */
  settle(): Promise<void>

  /** A lock in memory was granted, which protects this process alone. */
  lockedInMemory(): void

  /** Stops what runs from timers. */
  stop(): void

  /** Gives the handle back the settings that it had before {@link enter}. */
  restoreHandle(): Promise<void>

  /** The handle is closed. */
  closed(): void

  /** The handle stays open in the app's hands. @param isOpen Whether it still is. */
  leftOpen(isOpen: () => Promise<boolean>): void
}

/** What a connection has to know of its dialect. */
export interface ConnectionDialect extends QueueDialect {
  /** As OpenTelemetry names it in `db.system.name`. */
  readonly system: string
  /** What all adapters on one handle must have alike, for people. Absent where that is nothing. */
  readonly onOneHandle?: string
  /** The shortest statement there is. Asks nothing of the database. */
  readonly ping: string
  /** The driver with what the dialect adds to it. */
  adopt(driver: SqlDriver, readOnly: boolean): SqlDriver
  /** Present where the database's own clock judges leases and times to live, and not that of each process. */
  readonly bindTime?: BindTime
  /** Called once per connection. Asks the engine nothing. */
  place(options: PlaceOptions): Place
}
