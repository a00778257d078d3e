import type { Call, SubmittedCall } from './call.js'
import type { Statement } from './statement.js'

/**
 * Calls of one statement that another thread or process has made together. They are one item of a queue, because an object for
 * each would cost as much as its part of the statement. They are answered together: by the row of {@link BatchSql.packed}, or by
 * nothing where the statement gives no rows.
 */
export interface JoinedCalls extends SubmittedCall {
  /** How many calls. `parameters` has those of the first call, then those of the second, and so on. */
  readonly count: number
  /** The single calls, for a queue that does not join calls and for calls of which one makes all fail. */
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
  // The announcement of a read is made from each row.
  return announces === undefined && batch.match === 'index' && batch.packed !== undefined && parameters === 1
}
