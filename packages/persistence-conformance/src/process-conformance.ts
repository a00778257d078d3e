import type { EngineUnderTest } from './engine-under-test.js'
import { endings } from './process-suites/endings.js'
import { racingConnects } from './process-suites/racing-connects.js'
import { sharedLocks } from './process-suites/shared-locks.js'
import { unstoredResultsOfProcesses } from './process-suites/unstored-results.js'
import type { Runner } from './runner.js'

/** Declares the promises that take several processes to test. The children run on the runtime of the caller. */
export function processConformance(runner: Runner, engine: EngineUnderTest): void {
  for (const suite of [racingConnects, sharedLocks, unstoredResultsOfProcesses, endings]) suite(runner, engine)
}
