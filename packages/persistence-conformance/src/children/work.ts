import type { EngineUnderTest } from '../engine-under-test.js'

/** The work of a child process for a suite. It gets its orders as the words of a line. */
export type Work = (engine: EngineUnderTest) => {
  order(words: readonly string[]): Promise<unknown>
  /** Closes every file. */
  leave?(): Promise<void>
}
