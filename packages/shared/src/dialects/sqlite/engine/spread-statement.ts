import type { Row, SqlValue, SyncStatement } from '../../../driver/driver.js'

/** A prepared statement of an engine that takes parameters as separate arguments. */
export interface SpreadStatementLike {
  all(...parameters: never[]): unknown[]
  get(...parameters: never[]): unknown
  run(...parameters: never[]): unknown
  /** Absent when closing the database finalizes statements. */
  finalize?(): void
}

/** Adapts such a statement to the driver interface. */
export class SpreadStatement implements SyncStatement {
  readonly #statement: SpreadStatementLike

  constructor(statement: SpreadStatementLike) {
    this.#statement = statement
  }

  all(parameters: readonly SqlValue[]): Row[] {
    return this.#statement.all(...(parameters as never[])) as Row[]
  }

  get(parameters: readonly SqlValue[]): Row | null | undefined {
    return this.#statement.get(...(parameters as never[])) as Row | null | undefined
  }

  run(parameters: readonly SqlValue[]): void {
    // Not the engine's `run`, which creates an object with the number of changes that is not needed. A statement without rows
    // ends at its first step.
    this.#statement.get(...(parameters as never[]))
  }

  finalize(): void {
    this.#statement.finalize?.()
  }
}
