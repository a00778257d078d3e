import {
  type AsyncDriver,
  type AsyncStatement,
  checkHandle,
  libraryOf,
  type Row,
  type SqlValue,
} from '@go-go-scope/persistence-sqlite-core'
import type { Sqlite3Database, Sqlite3Statement } from './handle.js'

class Sqlite3PreparedStatement implements AsyncStatement {
  readonly #statement: Sqlite3Statement

  constructor(statement: Sqlite3Statement) {
    this.#statement = statement
  }

  all(parameters: readonly SqlValue[]): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      // Always `all`: a `get` does not step to the end, which leaves a write with RETURNING uncommitted.
      this.#statement.all(parameters as SqlValue[], (error, rows) => {
        if (error === null) resolve(rows as Row[])
        // The engine resets at the next use only, and until then a failed statement may hold a lock.
        else this.#statement.reset(() => reject(error))
      })
    })
  }

  finalize(): Promise<void> {
    return new Promise((resolve) => {
      // It repeats the statement's last error, which its caller has had already.
      this.#statement.finalize(() => resolve())
    })
  }
}

/** The driver of the npm package `sqlite3`. */
export class Sqlite3Driver implements AsyncDriver {
  readonly synchronous = false
  readonly engine = 'sqlite3'
  /** Each installed copy of the package brings its own library. */
  readonly library: unknown
  readonly #database: Sqlite3Database

  constructor(database: Sqlite3Database) {
    // `interrupt` tells it from the handles of packages that wrap sqlite3 in promises and call no callback.
    checkHandle(database, ['interrupt', 'all', 'prepare', 'close'], 'a Database of the package sqlite3')
    this.#database = database
    this.library = libraryOf(database)
  }

  query(sql: string, parameters: readonly SqlValue[]): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      this.#database.all(sql, parameters as SqlValue[], (error, rows) =>
        error ? reject(error) : resolve(rows as Row[]),
      )
    })
  }

  prepare(sql: string): Promise<AsyncStatement> {
    return new Promise((resolve, reject) => {
      const statement = this.#database.prepare(sql, (error) =>
        error ? reject(error) : resolve(new Sqlite3PreparedStatement(statement)),
      )
    })
  }

  close(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#database.close((error) => (error ? reject(error) : resolve()))
    })
  }
}
