/**
 * The commands to the thread of an engine. A message is one flat array that begins with a command. The answers are those of
 * remote/wire/protocol.ts.
 */
export const command = {
  /** request, sql or number of a declared statement, n, n parameters. Answered by rows. */
  run: 1,
  /** number, sql. Sent before the first use of the number, in the same message. */
  declare: 2,
  /**
   * request, begin, commit, rollback, number of parts, then for each part: sql or number, expected number of rows or null, n, n
   * parameters. Answered by the rows of each part, up to the first that returned another number of rows than expected.
   */
  transact: 3,
  /** request. Acknowledges the pieces of its rows received so far. */
  more: 4,
  /** split: 1 or 0. */
  close: 5,
} as const

/** The request whose answer reports that the thread has opened its connection. */
export const OPENED = 0

/** The input of the job `engine`. */
export interface EngineInput {
  /** An absolute path, or a `file:` URI. */
  readonly path: string
  readonly readOnly: boolean
  /** Statements that give the connection the settings of its predecessor. */
  readonly settings: readonly string[]
}
