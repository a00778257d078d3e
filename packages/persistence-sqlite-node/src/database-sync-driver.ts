import {
  checkHandle,
  libraryOf,
  type Row,
  SpreadStatement,
  type SqlValue,
  type SyncDriver,
  type SyncStatement,
} from '@go-go-scope/persistence-sqlite-core'
import type { DatabaseSyncLike } from './handle.js'

/**
 * What tells the SQLite libraries behind `DatabaseSync` classes apart: `node:sqlite` and each copy of
 * `@photostructure/sqlite` bring their own. Bun has one for all, and the front end for `bun:sqlite` names it the same.
 */
export function databaseSyncLibrary(handle: object): unknown {
  return process.versions.bun === undefined ? libraryOf(handle) : 'bun'
}

/** The driver of the `DatabaseSync` family. */
export class DatabaseSyncDriver implements SyncDriver {
  readonly synchronous = true
  /** @photostructure/sqlite 1.x does while statement objects live. */
  readonly keepsFileOpen = true
  readonly engine: string
  readonly library: unknown
  readonly #database: DatabaseSyncLike

  constructor(database: DatabaseSyncLike) {
    checkHandle(database, ['prepare', 'close'], 'a DatabaseSync of node:sqlite or @photostructure/sqlite')
    this.#database = database
    this.engine = database.constructor.name
    this.library = databaseSyncLibrary(database)
  }

  query(sql: string, parameters: readonly SqlValue[]): Row[] {
    return this.#database.prepare(sql).all(...(parameters as never[])) as Row[]
  }

  prepare(sql: string): SyncStatement {
    return new SpreadStatement(this.#database.prepare(sql))
  }

  close(): void {
    this.#database.close()
  }
}
