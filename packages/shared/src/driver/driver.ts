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
  /** How often it has opened the database, where a connection that is lost is opened anew. Absent where that is once. */
  readonly openings?: number
  /**
   * Prepares, runs and finalizes one statement; for what runs once.
   *
   * @param ofApp Whether it is a statement of the app, whose rows are as the app has taught its client library.
   */
  query(sql: string, parameters: readonly SqlValue[], ofApp?: boolean): Promise<Row[]>
  prepare(sql: string): Promise<AsyncStatement>
  /**
   * Runs statements in one transaction. Where one fails, or gives another number of rows than it expects, all are undone; in
   * the second case the rows of those up to that one are given. Absent where each statement is sent by itself anyway.
   */
  transact?(control: TransactionControl, parts: readonly TransactionPart[]): Promise<Row[][]>
  /** Drivers of connections that only read, each in a thread of its own. Absent where there are none. */
  readonly readers?: readonly AsyncDriver[]
  /** A driver of another connection to the same database, made at its first statement. Absent where there is one only. */
  aside?(): AsyncDriver
  /** Gives back to the app what it has taken of the handle, which stays open. Absent where that is nothing. */
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
  /** Whether the same text comes again, so that it is worth keeping prepared. */
  readonly again: boolean
  /** The number of rows that it must give. */
  readonly expect?: number | undefined
}

/** Takes the first rows of an answer while the rest is on its way. Must not throw. */
export type TakeRows = (rows: readonly Row[]) => void

export interface AsyncStatement {
  /**
   * Runs to completion: when the promise settles, the statement holds no lock and no snapshot.
   *
   * @param taken May be given rows, in order, from when no error can come any more but that the engine is gone. Gives
   *   those that it was not given.
   */
  all(parameters: readonly SqlValue[], taken?: TakeRows): Promise<Row[]>
  finalize(): Promise<void>
}

/** An engine that answers within the call. */
export interface SyncDriver {
  readonly synchronous: true
  readonly engine: string
  readonly library: unknown
  /** The engine may keep the file open after `close`, so that the log must be moved into it before. Default `false`. */
  readonly keepsFileOpen?: boolean
  /** Absent on engines without sessions. May ask the engine, so only for a handle that is open. */
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

/** SQLite's session extension: what this one connection changes, as bytes. */
export interface ChangeRecorder {
  /** Records the rows of a table of the main database that this connection changes from now on. */
  record(table: string): RecordedChanges
  /**
   * Applies changes to the tables of the same names.
   *
   * @param onConflict Gives the engine's number of an answer to its number of a kind of conflict. Must not throw.
   * @returns `false` when a conflict was answered by aborting; nothing is applied then.
   */
  apply(changeset: Uint8Array, onConflict: (conflict: number) => number): boolean
}

export interface RecordedChanges {
  /** All that was recorded since the start, at each call. */
  changeset(): Uint8Array
  close(): void
}

export type SqlDriver = AsyncDriver | SyncDriver
