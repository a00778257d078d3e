import {
  checkHandle,
  type Row,
  type SqlValue,
  type SyncDriver,
  type SyncStatement,
} from '@go-go-scope/persistence-core/engine'
import type { BunDatabase, BunStatement } from './handle.js'

/** Bun has one SQLite for bun:sqlite and for its node:sqlite; the front end for the latter names it the same. */
export const BUN_LIBRARY = 'bun'

/** The driver of `bun:sqlite`. */
export class BunDriver implements SyncDriver {
  readonly synchronous = true
  readonly engine = 'bun:sqlite'
  readonly library: unknown = BUN_LIBRARY
  readonly #database: BunDatabase

  constructor(database: BunDatabase) {
    // `query` tells it from a DatabaseSync and from a handle of better-sqlite3, which have none.
    checkHandle(database, ['query', 'prepare', 'close'], 'a Database of bun:sqlite')
    this.#database = database
  }

  query(sql: string, parameters: readonly SqlValue[]): Row[] {
    // Not through database.query, whose cache keeps statements alive past their use.
    const statement = this.#database.prepare(sql)
    try {
      return statement.all(parameters as never) as Row[]
    } finally {
      statement.finalize()
    }
  }

  prepare(sql: string): SyncStatement {
    return new ArrayStatement(this.#database.prepare(sql))
  }

  close(): void {
    // `true` closes the file now and says so when it cannot; without it a live statement keeps the file open in silence.
    this.#database.close(true)
  }
}

/** Hands on all parameters as the one array that they are: spread, they become another one in Bun, at each call. */
class ArrayStatement implements SyncStatement {
  readonly #statement: BunStatement

  constructor(statement: BunStatement) {
    this.#statement = statement
  }

  all(parameters: readonly SqlValue[]): Row[] {
    return this.#statement.all(parameters as never) as Row[]
  }

  get(parameters: readonly SqlValue[]): Row | null | undefined {
    return this.#statement.get(parameters as never) as Row | null | undefined
  }

  run(parameters: readonly SqlValue[]): void {
    // Not by `run`, which makes an object of what changed, for nobody. What gives no rows ends at its first step.
    this.#statement.get(parameters as never)
  }

  finalize(): void {
    this.#statement.finalize()
  }
}
