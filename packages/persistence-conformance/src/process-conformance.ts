import type { EngineUnderTest } from './engine-under-test.js'
import { dismissed } from './process-suites/dismissed.js'
import { endings } from './process-suites/endings.js'
import { racingConnects } from './process-suites/racing-connects.js'
import { readersBesideWriters } from './process-suites/readers.js'
import { sharedLocks } from './process-suites/shared-locks.js'
import { unstoredResultsOfProcesses } from './process-suites/unstored-results.js'
import type { Runner } from './runner.js'
import type { EngineSuite } from './suite.js'

const SUITES: readonly EngineSuite[] = [
  racingConnects,
  readersBesideWriters,
  sharedLocks,
  unstoredResultsOfProcesses,
  endings,
  dismissed,
]

/** Declares the promises that need several processes to test. The child processes use the caller's runtime. */
export function processConformance(runner: Runner, engine: EngineUnderTest): void {
  for (const suite of SUITES) suite(runner, engine)
}
