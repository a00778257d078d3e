import type { Row, SqlValue } from '../driver/driver.js'
import type { Call } from './call.js'

/**
 * Calls of one statement with few distinct keys, as a count per key: a hundred failures of one service are one change of its row.
 */
export class Tally {
  readonly #calls: readonly Call[]
  readonly #counts: ReadonlyMap<SqlValue, number>

  /** @returns `undefined` when one row per call costs no more. */
  static of(calls: readonly Call[]): Tally | undefined {
    const counts = new Map<SqlValue, number>()
    for (const { parameters } of calls) {
      const [key = null] = parameters
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    return 2 * counts.size <= calls.length ? new Tally(calls, counts) : undefined
  }

  private constructor(calls: readonly Call[], counts: ReadonlyMap<SqlValue, number>) {
    this.#calls = calls
    this.#counts = counts
  }

  /** The JSON array of keys and counts. */
  get json(): string {
    return JSON.stringify([...this.#counts])
  }

  /**
   * Returns the row that each call would have returned by itself.
   *
   * @param rows One row per key, after its last call.
   * @param column The column that each call increments by one.
   * @returns a row for each call; `undefined` for a call whose key has no row.
   */
  rows(rows: readonly Row[], column: string): (Row | undefined)[] {
    // Copied once more, because the row objects of engines are slow to copy.
    const byKey = new Map(rows.map((row) => [row.k, { ...row }]))
    for (const [key, row] of byKey) row[column] = Number(row[column]) - (this.#counts.get(key as SqlValue) ?? 0)
    return this.#calls.map(({ parameters }) => {
      const row = byKey.get(parameters[0])
      if (row === undefined) return undefined
      row[column] = Number(row[column]) + 1
      return { ...row }
    })
  }
}
