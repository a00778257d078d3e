import type { Row } from '../driver/driver.js'
import type { PackedTaker } from './packed.js'
import type { AnswerOf, Decode, Parameters, RowCount, Statement, Step } from './statement.js'

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
  /** Receives the answer of this call together with those of other calls. */
  readonly packs?: PackedTaker | undefined
  /** The number of calls. Only for {@link JoinedCalls}. */
  readonly count?: number
}

/** A call of another thread or process. It has no promise and receives its answer or error itself. */
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

/** A statement that is not kept prepared, such as one of the schema, a pragma or a ping. */
export interface Query {
  readonly type: 'query'
  readonly name: string
  readonly sql: string
  readonly parameters: Parameters
  readonly resolve: (rows: Row[]) => void
  readonly reject: (error: unknown) => void
  readonly deadline: number
}

/** An item of an operation queue. */
export type Work = Call | Atomic | Query

/** Returns whether a read-only queue refuses the work. For queries of the connection itself the engine decides. */
export function mayWrite(work: Work): boolean {
  return work.type === 'call' ? work.statement.kind === 'write' : work.type === 'atomic'
}

/**
 * Delivers the answer to a call. An error of the decoder rejects only that call.
 *
 * @param calls How many calls shared the statement.
 */
export function settle(call: Call, answer: AnswerOf<RowCount>, calls: number): void {
  try {
    call.resolve(call.decode(answer as never, call.parameters, calls))
  } catch (error) {
    call.reject(error)
  }
}
