/**
 * The interface between the core and an engine. A driver runs complete SQL on one connection. Parameters are positional, `?1`,
 * `?2` and so on, and the SQL uses each one that is passed. The core handles order, coalescing, retries, transactions and error
 * types.
 *
 * Only one caller at a time may use a driver; the operation queue ensures that.
 */

/** A value that may be bound. No booleans, no BigInt, no undefined: engines disagree on those. */
export type SqlValue = string | number | null | Uint8Array

/** One result row by column name. */
export type Row = Record<string, SqlValue>

/** An engine that answers in a later turn of the event loop, from its own thread. */
export interface AsyncDriver {
  readonly synchronous: false
  /** The engine's name in diagnostics and errors, for example `sqlite3`. */
  readonly engine: string
  /** Equal for drivers that use the same copy of the SQLite library in this process, and only for those. */
  readonly library: unknown
  /** How many times the driver has opened the database. Absent for a driver that does not reopen a lost connection. */
  readonly openings?: number
  /**
   * Prepares, runs and finalizes one statement. Use it for statements that run once.
   *
   * @param ofApp Whether the statement comes from the app. Its rows then have the types that the app has configured in its client
   *   library.
   */
  query(sql: string, parameters: readonly SqlValue[], ofApp?: boolean): Promise<Row[]>
  prepare(sql: string): Promise<AsyncStatement>
  /**
   * Runs statements in one transaction. The transaction is rolled back when a statement fails, or returns another number of rows
   * than its `expect`; in the second case the promise resolves to the rows of the statements up to that one. Absent for a driver
   * that sends each statement separately anyway.
   */
  transact?(control: TransactionControl, parts: readonly TransactionPart[]): Promise<Row[][]>
  /** Drivers of further read-only connections, each in its own thread. Default: none. */
  readonly readers?: readonly AsyncDriver[]
  /** Creates the driver of a second connection, opened at its first statement. Absent for a driver with one connection. */
  secondConnection?(): AsyncDriver
  /** Releases what the driver holds of the handle, which stays open for the app. Absent for a driver that holds nothing. */
  leave?(): Promise<void>
  /**
   * Closes the connection. The caller has finalized all statements before.
   *
   * @param split Whether other connections no longer see what this one writes, nor this one what they write: nothing may be
   *   written into the database. Default `false`.
   */
  close(split?: boolean): Promise<void>
}

/** The statements that begin and end a transaction. */
export interface TransactionControl {
  readonly begin: string
  readonly commit: string
  readonly rollback: string
}

export interface TransactionPart {
  readonly sql: string
  readonly parameters: readonly SqlValue[]
  /** Whether the same SQL will run again, so that keeping it prepared pays off. */
  readonly again: boolean
  /** The number of rows that the statement must return. Default: any. */
  readonly expect?: number | undefined
}

/** Receives rows of an answer before the rest has arrived. Must not throw. */
export type TakeRows = (rows: readonly Row[]) => void

export interface AsyncStatement {
  /**
   * Runs to completion: when the promise settles, the statement holds no lock and no snapshot.
   *
   * @param taken The driver may pass rows to it, in order, as soon as the only error that can still follow is the end of the
   *   engine.
   * @returns the rows that were not passed to `taken`.
   */
  all(parameters: readonly SqlValue[], taken?: TakeRows): Promise<Row[]>
  finalize(): Promise<void>
}

/** An engine that returns its answer synchronously. */
export interface SyncDriver {
  readonly synchronous: true
  readonly engine: string
  readonly library: unknown
  /** Whether the engine may keep the file open after `close`. If so, the core checkpoints the WAL first. Default `false`. */
  readonly keepsFileOpen?: boolean
  /** Absent on engines without sessions. Reading it may call the engine, so the handle must be open. */
  readonly recorder?: ChangeRecorder | undefined
  query(sql: string, parameters: readonly SqlValue[]): Row[]
  prepare(sql: string): SyncStatement
  /** @param split As for {@link AsyncDriver.close}. */
  close(split?: boolean): void
}

export interface SyncStatement {
  /** Returns all rows of any statement. */
  all(parameters: readonly SqlValue[]): Row[]
  /**
   * Returns the first row of a reading statement. Never use it with RETURNING: a statement that is not stepped to its end leaves
   * the write open.
   */
  get(parameters: readonly SqlValue[]): Row | null | undefined
  /** Runs a statement that returns no rows. */
  run(parameters: readonly SqlValue[]): void
  finalize(): void
}

/** SQLite's session extension: records the changes of this connection as bytes. */
export interface ChangeRecorder {
  /** Records the rows of a table of the main database that this connection changes from now on. */
  record(table: string): RecordedChanges
  /**
   * Applies changes to the tables of the same names.
   *
   * @param onConflict Receives SQLite's code of the kind of conflict and returns SQLite's code of the answer. Must not throw.
   * @returns `false` when `onConflict` has aborted; nothing is applied then.
   */
  apply(changeset: Uint8Array, onConflict: (conflict: number) => number): boolean
}

export interface RecordedChanges {
  /** Returns everything recorded since the start; each call returns all of it. */
  changeset(): Uint8Array
  close(): void
}

export type SqlDriver = AsyncDriver | SyncDriver
