import type { SqlValue } from '../../../driver/driver.js'
import { crossing } from '../../../remote/wire/row-shapes.js'

/**
 * The commands to the thread of an engine. A message is one flat array that begins with a command. The answers are those of
 * remote/wire/protocol.ts.
 */
export const command = {
  /** request, sql or number of a declared statement, n, n parameters. Answered by rows. */
  run: 1,
  /** number, sql. Before the first use of the number, in a message with what follows. */
  declare: 2,
  /**
   * request, begin, commit, rollback, number of parts, then of each: sql or number, expected number of rows or null, n, n
   * parameters. Answered by the rows of each, up to the first that gave another number of rows than was expected.
   */
  transact: 3,
  /** request. That the pieces of its rows so far have come. */
  more: 4,
  close: 5,
} as const

/** The request whose answer says that the thread has opened its connection. */
export const OPENED = 0

/** What the job `engine` is started for. */
export interface EngineInput {
  /** An absolute path, or a `file:` URI. */
  readonly path: string
  readonly readOnly: boolean
  /** Statements that make the connection what the one before it was. */
  readonly settings: readonly string[]
}

export function writeParameters(out: SqlValue[], parameters: readonly SqlValue[]): void {
  out.push(parameters.length)
  for (const parameter of parameters) out.push(crossing(parameter))
}
