import type { Row, SqlValue, SyncStatement } from '../../../driver/driver.js'

/** A prepared statement of an engine that takes parameters one by one. */
export interface SpreadStatementLike {
  all(...parameters: never[]): unknown[]
  get(...parameters: never[]): unknown
  run(...parameters: never[]): unknown
  /** Absent where closing the database does it. */
  finalize?(): void
}

/** Makes the driver's statement of it. */
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
    // Not by the engine's `run`, which makes an object of what changed, for nobody. What gives no rows ends at its first step.
    this.#statement.get(...(parameters as never[]))
  }

  finalize(): void {
    this.#statement.finalize?.()
  }
}
