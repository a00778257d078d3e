import { CALLS_BOUND_TOGETHER } from '../../../queue/statement.js'

/** The rows of `VALUES` for calls that are bound together: `(?1, ?2), (?3, ?4)` and so on. */
export function boundRows(columns: number): string {
  const row = (call: number): string =>
    `(${Array.from({ length: columns }, (_, at) => `?${call * columns + at + 1}`).join(', ')})`
  return Array.from({ length: CALLS_BOUND_TOGETHER }, (_, call) => row(call)).join(', ')
}

/** The parameter that follows those of {@link boundRows}: the time. */
export function timeAfterRows(columns: number): string {
  return `?${CALLS_BOUND_TOGETHER * columns + 1}`
}
