import type { Call, SubmittedCall } from './call.js'
import type { Statement } from './statement.js'

/**
 * Calls of one statement that another thread or process has made together. They are one queue item, because an object per call
 * would cost as much as its share of the statement. They get one answer: the row of {@link BatchSql.packed}, or nothing if the
 * statement returns no rows.
 */
export interface JoinedCalls extends SubmittedCall {
  /** The number of calls. `parameters` has those of the first call, then those of the second, and so on. */
  readonly count: number
  /** Returns the single calls, for a queue that does not join calls, and for joined calls of which one makes all fail. */
  apart(): SubmittedCall[]
}

export function isJoined(call: Call): call is JoinedCalls {
  return call.count !== undefined
}

/** Returns whether calls of the statement with this number of parameters each can be joined. */
export function canJoin({ kind, rows, batch, announces }: Statement, parameters: number): boolean {
  if (batch === undefined || batch.shared !== undefined || batch.distinct) return false
  if (kind === 'write') {
    return rows === 'none' && batch.match === 'none' && (batch.bound === undefined ? parameters === 1 : parameters > 0)
  }
  // A read announces from each single row, so it cannot be joined.
  return announces === undefined && batch.match === 'index' && batch.packed !== undefined && parameters === 1
}
