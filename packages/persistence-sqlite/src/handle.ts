/**
 * The methods of `sqlite3` that are used here, so that the types do not depend on it. Each is called with a callback, because
 * without one the package throws errors where no caller can catch them.
 */
export interface Sqlite3Database {
  /** `false` while the file is being opened, if that failed, and after it was closed. */
  readonly open?: boolean
  all(sql: string, parameters: unknown[], callback: (error: Error | null, rows: unknown[]) => void): unknown
  prepare(sql: string, callback: (this: Sqlite3Statement, error: Error | null) => void): Sqlite3Statement
  close(callback: (error: Error | null) => void): void
}

export interface Sqlite3Statement {
  all(parameters: unknown[], callback: (error: Error | null, rows: unknown[]) => void): unknown
  reset(callback: (error: Error | null) => void): unknown
  finalize(callback: (error?: Error | null) => void): unknown
}
