import type { Call, SubmittedCall } from './call.js'
import type { Statement } from './statement.js'

/**
 * Calls of one statement that were made together in another thread or process. One item of a queue, because an object for
 * each of them would cost as much as its part of the statement.
 *
 * They are answered together: by {@link BatchSql.packed}, or by nothing where the statement gives no rows.
 */
export interface JoinedCalls extends SubmittedCall {
  /** How many. Their parameters stand one call after the other. */
  readonly count: number
  /** The calls, each by itself: for a queue that does not join them, and when one of them makes all fail. */
  apart(): SubmittedCall[]
}

export function isJoined(call: Call): call is JoinedCalls {
  return call.count !== undefined
}

/** Whether calls of the statement with so many parameters each can be joined. */
export function canJoin({ kind, rows, batch, announces }: Statement, parameters: number): boolean {
  if (batch === undefined || batch.shared !== undefined || batch.distinct) return false
  if (kind === 'write') {
    return rows === 'none' && batch.match === 'none' && (batch.bound === undefined ? parameters === 1 : parameters > 0)
  }
  // What a row announces is told of each row.
  return announces === undefined && batch.match === 'index' && batch.packed !== undefined && parameters === 1
}
