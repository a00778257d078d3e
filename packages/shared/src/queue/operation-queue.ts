import type { Row } from '../driver/driver.js'
import type { SubmittedCall } from './call.js'
import type { Decode, Parameters, RowCount, Statement, Step } from './statement.js'

/**
 * Runs the calls of one connection. Results, errors and the content of the database are the same as if the calls ran one by one
 * in the order in which they were made, no matter how a queue optimizes.
 * - async-queue.ts: engines with their own thread. Waiting calls of one statement become one statement.
 * - sync-queue.ts: synchronous engines. A single call runs immediately; writes of one turn share one commit.
 */
export interface OperationQueue {
  /** Runs a call. On some engines the result is returned synchronously. */
  execute<Rows extends RowCount, Result>(
    statement: Statement<Rows>,
    parameters: Parameters,
    decode: Decode<Rows, Result>,
  ): Result | Promise<Result>

  /** Runs a call, or joined calls, that receive their answers themselves, without a promise for each. */
  submit(call: SubmittedCall): void

  /** Runs steps in one IMMEDIATE transaction, all or nothing. Resolves to the rows of each. */
  atomic(name: string, steps: readonly Step[]): Promise<Row[][]>

  /** Runs one statement that is not kept prepared. */
  query(name: string, sql: string, parameters?: Parameters): Promise<Row[]>

  /** Whether writes may share a commit: on a file, where a commit costs a flush, if no other code uses the handle. */
  groupWrites: boolean

  /** Whether writes are refused. */
  readOnly: boolean

  /** The number of calls that were not sent yet. */
  readonly waiting: number

  /** Whether no call is waiting or in flight. */
  readonly idle: boolean

  /** Settles when no call is waiting any longer. */
  drain(): Promise<void>

  /** Finalizes every statement and closes the handle. Call {@link drain} first. */
  close(options?: CloseOptions): Promise<void>
}

/** How the use of a handle ends. */
export interface CloseOptions {
  /** Whether the handle stays open for the app. Default `false`. */
  readonly keepHandle?: boolean
  /** As for a driver. */
  readonly split?: boolean | undefined
}
