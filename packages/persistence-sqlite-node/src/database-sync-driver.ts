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
 * What tells the SQLite libraries behind `DatabaseSync` classes apart: `node:sqlite` and each copy of
 * `@photostructure/sqlite` bring their own. Bun has one for all, and the front end for `bun:sqlite` names it the same.
 */
export function databaseSyncLibrary(handle: object): unknown {
  return process.versions.bun === undefined ? libraryOf(handle) : 'bun'
}

/**
 * The engine of a handle, or of a class's prototype. Both engines call their class `DatabaseSync`; only that of
 * `@photostructure/sqlite` has a method `dispose`. Not by comparing with the class of `node:sqlite`: to load that prints
 * a warning on Node 22.
 */
export function databaseSyncEngine(handle: object): string {
  return 'dispose' in handle ? '@photostructure/sqlite' : 'node:sqlite'
}

/** The driver of the `DatabaseSync` family. */
export class DatabaseSyncDriver implements SyncDriver {
  readonly synchronous = true
  /** @photostructure/sqlite 1.x does while statement objects live. */
  readonly keepsFileOpen = true
  readonly engine: string
  readonly library: unknown
  readonly #database: DatabaseSyncLike
  /** `node:sqlite` does before Node 22.20 and 24.7. Asked when the handle is used first: here it may be closed. */
  #takesNumbersForNames: boolean | undefined

  constructor(database: DatabaseSyncLike) {
    // `open` is a method here; on handles of better-sqlite3 and sqlite3 it is a boolean, on those of bun:sqlite absent.
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
    // Parameters without numbers have no name and are bound by their place there too.
    const isNamed = this.#takesNumbersForNames && /\?\d/.test(sql)
    return isNamed ? new NamedStatement(statement) : new SpreadStatement(statement)
  }

  close(): void {
    this.#database.close()
  }
}
