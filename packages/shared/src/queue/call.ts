import type { Row } from '../driver/driver.js'
import type { PackedTaker } from './packed.js'
import type { Decode, Parameters, RowCount, Statement, Step } from './statement.js'

/** A call of a store's statement. */
export interface Call {
  readonly type: 'call'
  readonly name: string
  readonly statement: Statement
  readonly parameters: Parameters
  readonly decode: Decode<RowCount, unknown>
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
  /** Monotonic ms at which the caller stops waiting for another writer. */
  readonly deadline: number
  /** Takes the answer of this call together with those of other calls. */
  readonly packs?: PackedTaker | undefined
  /** How many calls it is. Only of {@link JoinedCalls}. */
  readonly count?: number
}

/** A call of another thread or process, without a promise: it takes its answer or error itself. */
export interface SubmittedCall extends Call {
  /** Set by the queue. */
  deadline: number
}

/** Statements that run in one transaction. */
export interface Atomic {
  readonly type: 'atomic'
  readonly name: string
  readonly steps: readonly Step[]
  readonly resolve: (rows: Row[][]) => void
  readonly reject: (error: unknown) => void
  readonly deadline: number
}

/** A statement that is not worth keeping prepared, such as one of the schema, a pragma or a ping. */
export interface Query {
  readonly type: 'query'
  readonly name: string
  readonly sql: string
  readonly parameters: Parameters
  readonly resolve: (rows: Row[]) => void
  readonly reject: (error: unknown) => void
  readonly deadline: number
}

/** What waits in an operation queue. */
export type Work = Call | Atomic | Query

/** Whether a read-only queue refuses the work. The engine judges the queries of the connection itself. */
export function mayWrite(work: Work): boolean {
  return work.type === 'call' ? work.statement.kind === 'write' : work.type === 'atomic'
}

export function newCall<Rows extends RowCount, Result>(
  statement: Statement<Rows>,
  parameters: Parameters,
  decode: Decode<Rows, Result>,
  resolve: (result: Result) => void,
  reject: (error: unknown) => void,
  deadline: number,
): Call {
  return {
    type: 'call',
    name: statement.name,
    statement,
    parameters,
    // The row count is lost here and found again by `settle`, which gives the decoder what its statement gave.
    decode: decode as Decode<RowCount, unknown>,
    resolve: resolve as (result: unknown) => void,
    reject,
    deadline,
  }
}

/** Gives a call its result; an error of its decoder is its own. @param calls How many shared the statement. */
export function settle(call: Call, given: Row | readonly Row[] | undefined, calls: number): void {
  try {
    call.resolve(call.decode(given as never, call.parameters, calls))
  } catch (error) {
    call.reject(error)
  }
}
