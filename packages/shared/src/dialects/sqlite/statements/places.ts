import { CALLS_BOUND_TOGETHER } from '../../../queue/statement.js'

/**
 * The rows of `VALUES` for calls that are bound together: `(?, ?), (?, ?)` and so on. Without numbers: `?1` is a name for SQLite,
 * and the engines of the `DatabaseSync` family search the list of all parameters for each name before they bind it.
 */
export function boundRows(columns: number): string {
  const row = `(${Array.from({ length: columns }, () => '?').join(', ')})`
  return Array.from({ length: CALLS_BOUND_TOGETHER }, () => row).join(', ')
}
