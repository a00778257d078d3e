import type { Row, SqlValue, SyncStatement } from '../../../driver/driver.js'
import type { SpreadStatementLike } from './spread-statement.js'

// SQLITE_RANGE: the statement has no such parameter.
const OUT_OF_RANGE = 25

/**
 * Returns whether an engine takes `?1` for a name, and so cannot bind it by position.
 *
 * @param prepare Prepares a statement of an open handle.
 */
export function takesNumbersForNames(prepare: (sql: string) => SpreadStatementLike): boolean {
  try {
    prepare('SELECT ?1').get(0 as never)
    return false
  } catch (error) {
    if ((error as { errcode?: unknown }).errcode === OUT_OF_RANGE) return true
    throw error
  }
}

/** A prepared statement of such an engine. */
export class NamedStatement implements SyncStatement {
  readonly #statement: SpreadStatementLike

  constructor(statement: SpreadStatementLike) {
    this.#statement = statement
  }

  all(parameters: readonly SqlValue[]): Row[] {
    return this.#statement.all(byName(parameters)) as Row[]
  }

  get(parameters: readonly SqlValue[]): Row | null | undefined {
    return this.#statement.get(byName(parameters)) as Row | null | undefined
  }

  run(parameters: readonly SqlValue[]): void {
    this.#statement.run(byName(parameters))
  }

  finalize(): void {
    this.#statement.finalize?.()
  }
}

function byName(parameters: readonly SqlValue[]): never {
  return Object.fromEntries(parameters.map((value, at) => [`?${at + 1}`, value])) as never
}
