import {
  type ChangeRecorder,
  changeRecorderOf,
  checkHandle,
  libraryOf,
  NamedStatement,
  type Row,
  SpreadStatement,
  type SqlValue,
  type SyncDriver,
  type SyncStatement,
  takesNumbersForNames,
} from '@go-go-scope/persistence-core/engine'
import type { DatabaseSyncLike } from './handle.js'

/**
 * Returns a value that identifies the SQLite library of a handle: `node:sqlite` and each copy of `@photostructure/sqlite` have
 * their own. Bun has one for all, and the package for `bun:sqlite` uses the same name.
 */
export function databaseSyncLibrary(handle: object): unknown {
  return process.versions.bun === undefined ? libraryOf(handle) : 'bun'
}

/**
 * Returns the engine of a handle, or of a class's prototype. Both engines call their class `DatabaseSync`, but only that of
 * `@photostructure/sqlite` has a method `dispose`. It is not compared with the class of `node:sqlite`, because loading that
 * prints a warning on Node 22.
 */
export function databaseSyncEngine(handle: object): string {
  return 'dispose' in handle ? '@photostructure/sqlite' : 'node:sqlite'
}

/** The driver of the `DatabaseSync` family. */
export class DatabaseSyncDriver implements SyncDriver {
  readonly synchronous = true
  /** @photostructure/sqlite 1.x keeps the file open while statement objects live. */
  readonly keepsFileOpen = true
  readonly engine: string
  readonly library: unknown
  readonly #database: DatabaseSyncLike
  /** `node:sqlite` does so before Node 22.20 and 24.7. Tested on first use, because the handle may not be open earlier. */
  #takesNumbersForNames: boolean | undefined

  constructor(database: DatabaseSyncLike) {
    // `open` is a method here. On handles of better-sqlite3 and sqlite3 it is a boolean; handles of bun:sqlite lack it.
    checkHandle(database, ['open', 'prepare', 'close'], 'a DatabaseSync of node:sqlite or @photostructure/sqlite')
    this.#database = database
    this.engine = databaseSyncEngine(database)
    this.library = databaseSyncLibrary(database)
  }

  get recorder(): ChangeRecorder | undefined {
    return changeRecorderOf(this.#database)
  }

  query(sql: string, parameters: readonly SqlValue[]): Row[] {
    return this.prepare(sql).all(parameters)
  }

  prepare(sql: string): SyncStatement {
    this.#takesNumbersForNames ??= takesNumbersForNames((probe) => this.#database.prepare(probe))
    const statement = this.#database.prepare(sql)
    // An app may have opened its handle with these options for its own statements.
    statement.setReadBigInts?.(false)
    statement.setReturnArrays?.(false)
    // Parameters without numbers have no names, so they are bound by position there too.
    const isNamed = this.#takesNumbersForNames && /\?\d/.test(sql)
    return isNamed ? new NamedStatement(statement) : new SpreadStatement(statement)
  }

  close(): void {
    this.#database.close()
  }
}
