import type { EngineUnderTest } from '../engine-under-test.js'

/** What a child process does for a suite, which it is ordered to by the words of a line. */
export type Work = (engine: EngineUnderTest) => {
  order(words: readonly string[]): Promise<unknown>
  /** Lets go of every file. */
  leave?(): Promise<void>
}
