import type { Row } from '../driver/driver.js'
import type { SubmittedCall } from './call.js'
import type { Decode, Parameters, RowCount, Statement, Step } from './statement.js'

/**
 * Runs the calls of one connection. Results, errors and the content of the database are those of running the calls one by one, in
 * the order in which they were made, whatever a queue does to be fast.
 *
 * - async-queue.ts: engines with a thread of their own. Calls of one statement that wait together become one statement.
 * - sync-queue.ts: engines that answer within the call. A lone call runs at once; writes of one turn share one commit.
 */
export interface OperationQueue {
  /** Runs a call. The result comes within the call where an engine allows it. */
  execute<Rows extends RowCount, Result>(
    statement: Statement<Rows>,
    parameters: Parameters,
    decode: Decode<Rows, Result>,
  ): Result | Promise<Result>

  /** Runs a call, or joined calls, that take their answers themselves, without a promise for each. */
  submit(call: SubmittedCall): void

  /** Runs steps in one IMMEDIATE transaction, all or nothing, and gives the rows of each. */
  atomic(name: string, steps: readonly Step[]): Promise<Row[][]>

  /** Runs one statement that is not worth keeping prepared. */
  query(name: string, sql: string, parameters?: Parameters): Promise<Row[]>

  /** Whether writes may share a commit: on a file, where a commit costs a flush, if no other code uses the handle. */
  groupWrites: boolean

  /** Whether calls that write are refused. */
  readOnly: boolean

  /** Calls that have not been sent. */
  readonly waiting: number

  /** Whether nothing waits and nothing is under way. */
  readonly idle: boolean

  /** Settles when nothing waits any more. */
  drain(): Promise<void>

  /** Finalizes every statement and, unless `keepHandle`, closes the handle. Call {@link drain} first. */
  close(keepHandle: boolean): Promise<void>
}
