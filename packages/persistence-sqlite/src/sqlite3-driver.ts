import { stat } from 'node:fs/promises'
import {
  type AsyncDriver,
  type AsyncStatement,
  checkHandle,
  libraryOf,
  PersistenceError,
  pause,
  type Row,
  type SqlValue,
} from '@go-go-scope/persistence-core/engine'
import type { Sqlite3Database, Sqlite3Statement } from './handle.js'

class Sqlite3PreparedStatement implements AsyncStatement {
  readonly #statement: Sqlite3Statement

  constructor(statement: Sqlite3Statement) {
    this.#statement = statement
  }

  all(parameters: readonly SqlValue[]): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      // Always `all`, because `get` does not step to the end, which leaves a write with RETURNING uncommitted.
      this.#statement.all(parameters as SqlValue[], (error, rows) => {
        if (error === null) resolve(rows as Row[])
        // The engine resets a statement only at its next use. Until then a failed one may hold a lock.
        else this.#statement.reset(() => reject(error))
      })
    })
  }

  finalize(): Promise<void> {
    return new Promise((resolve) => {
      // An error here repeats the statement's last error, which the caller already got.
      this.#statement.finalize(() => resolve())
    })
  }
}

// Spaces, comments and semicolons, as in SQLite's own tokenizer. An unclosed comment runs to the end.
const NOTHING = /[\t\n\v\f\r ;\ufeff]+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y

// The file is opened by a task of the thread pool. Tasks are counted as well as time, because the pool may be blocked.
const CHECKS = 20
const PAUSE_MS = 50

/** The driver of the npm package `sqlite3`. */
export class Sqlite3Driver implements AsyncDriver {
  readonly synchronous = false
  readonly engine = 'sqlite3'
  /** Each installed copy of the package brings its own library. */
  readonly library: unknown
  readonly #database: Sqlite3Database
  #failed = false

  constructor(database: Sqlite3Database) {
    // `interrupt` distinguishes it from handles of packages that wrap sqlite3 in promises and call no callback.
    checkHandle(database, ['interrupt', 'all', 'prepare', 'close'], 'a Database of the package sqlite3')
    this.#database = database
    this.library = libraryOf(database)
  }

  query(sql: string, parameters: readonly SqlValue[]): Promise<Row[]> {
    return this.#answered((resolve, reject) => {
      refuseEmpty(sql)
      this.#database.all(sql, parameters as SqlValue[], (error, rows) =>
        error ? reject(error) : resolve(rows as Row[]),
      )
    })
  }

  prepare(sql: string): Promise<AsyncStatement> {
    return new Promise((resolve, reject) => {
      refuseEmpty(sql)
      const statement = this.#database.prepare(sql, (error) =>
        error ? reject(error) : resolve(new Sqlite3PreparedStatement(statement)),
      )
    })
  }

  async close(): Promise<void> {
    if (this.#failed) return // Nothing is open, and the engine would never call back.
    await new Promise<void>((resolve, reject) => {
      this.#database.close((error) => (error ? reject(error) : resolve()))
    })
  }

  /** Returns the result of `ask`. Rejects if the handle could not be opened, because the engine never calls back then. */
  #answered<Result>(
    ask: (resolve: (result: Result) => void, reject: (error: unknown) => void) => void,
  ): Promise<Result> {
    const answer = new Promise<Result>(ask)
    return this.#database.open === false ? Promise.race([answer, this.#untilFailed(answer)]) : answer
  }

  /** Rejects if the handle does not open. Never resolves. */
  async #untilFailed(answer: Promise<unknown>): Promise<never> {
    let over = false
    const end = (): void => {
      over = true
    }
    answer.then(end, end)
    for (let checks = 0; checks < CHECKS && !over && this.#database.open === false; checks++) {
      await pause(PAUSE_MS)
      await stat('.').catch(() => undefined) // The result does not matter. It shows that a thread of the pool was free.
    }
    if (over || this.#database.open !== false) return new Promise(() => undefined)
    this.#failed = true
    throw new PersistenceError(
      'CANNOT_OPEN',
      'connect',
      'connect: the sqlite3 handle was not opened; check the path it was made with and that its folder exists, or use SQLiteAdapter.open(path)',
    )
  }
}

/** Refuses a text without a statement: the engine prepares it, and crashes the process when a parameter is bound. */
function refuseEmpty(sql: string): void {
  NOTHING.lastIndex = 0
  let at = 0
  while (NOTHING.test(sql)) at = NOTHING.lastIndex
  // SQLite reads a text up to its first NUL, even inside a comment.
  const end = sql.indexOf('\0')
  if (at >= (end === -1 ? sql.length : end)) throw new Error('the text holds no statement')
}
