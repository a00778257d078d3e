/** A way in which SQLite fails a statement. */
export interface Fault {
  readonly name: string
  /** Extended result code (https://www.sqlite.org/rescode.html). */
  readonly number: number
  readonly symbol: string
  readonly message: string
  /** Whether SQLite itself rolls the transaction back. */
  readonly rollsBack: boolean
  /** The code that callers get, or `undefined` if a retry must succeed. */
  readonly code: string | undefined
}

const refusal = (code: string, number: number, symbol: string, message: string, rollsBack: boolean): Fault => ({
  name: symbol.replace('SQLITE_', ''),
  number,
  symbol,
  message,
  rollsBack,
  code,
})

export const FAULTS: readonly Fault[] = [
  { ...refusal('', 5, 'SQLITE_BUSY', 'database is locked', false), code: undefined },
  { ...refusal('', 517, 'SQLITE_BUSY_SNAPSHOT', 'database is locked', false), code: undefined },
  refusal('DISK_FULL', 13, 'SQLITE_FULL', 'database or disk is full', true),
  refusal('IO_ERROR', 778, 'SQLITE_IOERR_WRITE', 'disk I/O error', true),
  refusal('CONSTRAINT', 2067, 'SQLITE_CONSTRAINT_UNIQUE', 'UNIQUE constraint failed', false),
]

/** Chooses the failing statement of a driver, at most one, and its fault. */
export class FaultPlan {
  #left = 0
  #fault: Fault | undefined
  #fired = false

  /** Makes the `at`-th statement from now on fail, counted from 1. */
  arm(fault: Fault, at: number): void {
    this.#fault = fault
    this.#left = at
    this.#fired = false
  }

  /** @returns whether a statement has failed since {@link arm}. */
  disarm(): boolean {
    this.#fault = undefined
    return this.#fired
  }

  /** Returns the fault of the next statement, if any. */
  next(sql: string): Fault | undefined {
    // A rollback follows a failed statement, and only one statement fails.
    if (this.#fault === undefined || sql === 'ROLLBACK' || --this.#left > 0) return undefined
    const fault = this.#fault
    this.#fault = undefined
    this.#fired = true
    return fault
  }
}
