import {
  checkHandle,
  type Row,
  type SqlValue,
  type SyncDriver,
  type SyncStatement,
} from '@go-go-scope/persistence-core/engine'
import type { BunDatabase, BunStatement } from './handle.js'

/** Bun uses one SQLite library for bun:sqlite and node:sqlite. The package for node:sqlite uses the same name. */
export const BUN_LIBRARY = 'bun'

/** The driver of `bun:sqlite`. */
export class BunDriver implements SyncDriver {
  readonly synchronous = true
  readonly engine = 'bun:sqlite'
  readonly library: unknown = BUN_LIBRARY
  readonly #database: BunDatabase

  constructor(database: BunDatabase) {
    // `query` distinguishes it from a DatabaseSync and from a handle of better-sqlite3, which lack it.
    checkHandle(database, ['query', 'prepare', 'close'], 'a Database of bun:sqlite')
    this.#database = database
  }

  query(sql: string, parameters: readonly SqlValue[]): Row[] {
    // Not through database.query, whose cache keeps statements alive past their use.
    const statement = this.#prepare(sql)
    try {
      return statement.all(parameters as never) as Row[]
    } finally {
      statement.finalize()
    }
  }

  prepare(sql: string): SyncStatement {
    return new ArrayStatement(this.#prepare(sql))
  }

  close(): void {
    // `true` closes the file now, or throws. Without it, a live statement silently keeps the file open.
    this.#database.close(true)
  }

  #prepare(sql: string): BunStatement {
    const statement = this.#database.prepare(sql)
    // An app may have opened its handle with this option for its own statements.
    statement.safeIntegers?.(false)
    return statement
  }
}

/** Passes all parameters as one array. If they are spread, Bun allocates another array on each call. */
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
    // Not `run`, which allocates an unused result object. A statement without rows ends at its first step.
    this.#statement.get(parameters as never)
  }

  finalize(): void {
    this.#statement.finalize()
  }
}
