/**
 * The seam between the core and an engine. A driver runs finished SQL on one connection. Its parameters are positional,
 * `?1`, `?2` and so on, and each that is given occurs in the SQL. Order, coalescing, retries, transactions and error types
 * are the core's.
 *
 * A driver must be used by one caller at a time; the operation queue sees to that.
 */

/** What may be bound. No booleans, no BigInt, no undefined: engines disagree on those. */
export type SqlValue = string | number | null | Uint8Array

/** One result row by column name. */
export type Row = Record<string, SqlValue>

/** An engine that answers in a later turn, from a thread of its own. */
export interface AsyncDriver {
  readonly synchronous: false
  /** The engine's name in diagnostics and errors, for example `sqlite3`. */
  readonly engine: string
  /** Equal for drivers that run on the same copy of the SQLite library in this process, and only for those. */
  readonly library: unknown
  /** How often the driver has opened the database. Absent for a driver that does not open a lost connection again. */
  readonly openings?: number
  /**
   * Prepares, runs and finalizes one statement. For statements that run once.
   *
   * @param ofApp Whether it is a statement of the app, whose rows are as the app has taught its client library.
   */
  query(sql: string, parameters: readonly SqlValue[], ofApp?: boolean): Promise<Row[]>
  prepare(sql: string): Promise<AsyncStatement>
  /**
   * Runs statements in one transaction. It is rolled back where a statement fails, and where one gives another number of rows
   * than its `expect`; then the promise resolves to the rows of the statements up to that one. Absent for a driver that sends
   * each statement by itself anyway.
   */
  transact?(control: TransactionControl, parts: readonly TransactionPart[]): Promise<Row[][]>
  /** Drivers of further connections that only read, each in a thread of its own. Absent: none. */
  readonly readers?: readonly AsyncDriver[]
  /** Makes a driver of another connection, which is opened at its first statement. Absent for a driver with one connection. */
  aside?(): AsyncDriver
  /** Returns to the app what the driver holds of the handle, which stays open. Absent for a driver that holds nothing. */
  leave?(): Promise<void>
  /** Closes the connection; all statements are finalized before. */
  close(): Promise<void>
}

/** The texts of a transaction. */
export interface TransactionControl {
  readonly begin: string
  readonly commit: string
  readonly rollback: string
}

export interface TransactionPart {
  readonly sql: string
  readonly parameters: readonly SqlValue[]
  /** Whether the same text will run again, so that it is worth keeping prepared. */
  readonly again: boolean
  /** The number of rows that the statement must give. Absent: any. */
  readonly expect?: number | undefined
}

/** Takes rows of an answer before the rest has arrived. Must not throw. */
export type TakeRows = (rows: readonly Row[]) => void

export interface AsyncStatement {
  /**
   * Runs to completion: when the promise settles, the statement holds no lock and no snapshot.
   *
   * @param taken The driver may pass rows to it, in order, once no error can follow but the end of the engine.
   * @returns the rows that were not passed to `taken`.
   */
  all(parameters: readonly SqlValue[], taken?: TakeRows): Promise<Row[]>
  finalize(): Promise<void>
}

/** An engine that answers within the call. */
export interface SyncDriver {
  readonly synchronous: true
  readonly engine: string
  readonly library: unknown
  /** Whether the engine may keep the file open after `close`, so that the log is moved into the file before. Default `false`. */
  readonly keepsFileOpen?: boolean
  /** Absent on engines without sessions. Reading it may call the engine, so the handle must be open. */
  readonly recorder?: ChangeRecorder | undefined
  query(sql: string, parameters: readonly SqlValue[]): Row[]
  prepare(sql: string): SyncStatement
  close(): void
}

export interface SyncStatement {
  /** All rows of any statement. */
  all(parameters: readonly SqlValue[]): Row[]
  /** The first row of a reading statement. Never for RETURNING: not stepping to the end leaves the write open. */
  get(parameters: readonly SqlValue[]): Row | null | undefined
  /** Runs a statement that gives no rows. */
  run(parameters: readonly SqlValue[]): void
  finalize(): void
}

/** SQLite's session extension: records what this connection changes, as bytes. */
export interface ChangeRecorder {
  /** Records the rows of a table of the main database that this connection changes from now on. */
  record(table: string): RecordedChanges
  /**
   * Applies changes to the tables of the same names.
   *
   * @param onConflict Gets SQLite's number of a kind of conflict, and returns its number of an answer. Must not throw.
   * @returns `false` when `onConflict` has aborted; nothing is applied then.
   */
  apply(changeset: Uint8Array, onConflict: (conflict: number) => number): boolean
}

export interface RecordedChanges {
  /** Everything that was recorded since the start; each call returns all of it. */
  changeset(): Uint8Array
  close(): void
}

export type SqlDriver = AsyncDriver | SyncDriver
