import { ports, portsOf, suitesWithout, withoutFiles } from './conformance.js'
import type { EngineUnderTest, ServerEngineUnderTest } from './engine-under-test.js'
import { portConformance } from './port-conformance.js'
import type { Runner } from './runner.js'
import type { EngineSuite } from './suite.js'
import { breakerWatch } from './suites/breaker-watch.js'
import { changesetSupport } from './suites/changeset-support.js'
import { claimWaiting } from './suites/claim-waiting.js'
import { claims } from './suites/claims.js'
import { diagnostics } from './suites/diagnostics.js'
import { exactNumbers } from './suites/exact-numbers.js'
import { fencedStatements } from './suites/fenced-statements.js'
import { fencing } from './suites/fencing.js'
import { flatMethods } from './suites/flat-methods.js'
import { lifeCycle } from './suites/life-cycle.js'
import { madeTogether } from './suites/made-together.js'
import { movedFile } from './suites/moved-file.js'
import { open } from './suites/open.js'
import { openSizes } from './suites/open-sizes.js'
import { operationOrder } from './suites/operation-order.js'
import { randomValues } from './suites/random-values.js'
import { sharedHandle } from './suites/shared-handle.js'
import { twoConnections } from './suites/two-connections.js'
import { unstoredResults } from './suites/unstored-results.js'
import { values } from './suites/values.js'

/** The suites that depend on the engine in a thread: its values, transactions and errors. */
const OF_ENGINES_IN_THREADS: readonly EngineSuite[] = [operationOrder, fencedStatements]

/** The suites that depend on the messages to the thread, which are the same for all engines. */
const OF_THE_WAY_TO_THREADS: readonly EngineSuite[] = [
  sharedHandle,
  open,
  openSizes,
  movedFile,
  madeTogether,
  diagnostics,
]

/**
 * Declares the promises of an engine in its own thread: `whole` for all of them, `engine` for those that depend on the
 * engine, and `way` for those that depend on the messages to the thread, which are the same for all engines.
 */
export function threadedConformance(runner: Runner, engine: EngineUnderTest, part: 'whole' | 'engine' | 'way'): void {
  if (part === 'whole') ports(runner, engine)
  else if (part === 'way') portConformance(runner, 'ports', () => portsOf(engine, { locks: 'database' }))
  // An engine's change recorder is synchronous, so it is not available across threads.
  const whole = suitesWithout(changesetSupport)
  const suites = { whole, engine: OF_ENGINES_IN_THREADS, way: OF_THE_WAY_TO_THREADS }
  for (const suite of suites[part]) suite(runner, engine)
}

/** The suites that depend on the client library: types, errors, transactions, concurrency, notifications, opening, closing. */
const OF_CLIENTS: readonly EngineSuite[] = [
  lifeCycle,
  fencing,
  exactNumbers,
  breakerWatch,
  claimWaiting,
  unstoredResults,
  values,
  randomValues,
  madeTogether,
  operationOrder,
  twoConnections,
  diagnostics,
]

/** Declares the tests for a further client library of a server that passes {@link serverConformance} with another one. */
export function clientConformance(runner: Runner, server: ServerEngineUnderTest): void {
  const engine = withoutFiles(server)
  ports(runner, engine)
  for (const suite of OF_CLIENTS) suite(runner, engine)
}

/** The suites that depend on how an engine is called: parameters, rows, errors, transactions, opening and closing. */
const BRIEF_SUITES: readonly EngineSuite[] = [
  lifeCycle,
  open,
  changesetSupport,
  flatMethods,
  fencedStatements,
  claims,
  values,
]

/** Declares the tests for a further version of an engine that passes all suites in another version. */
export function briefConformance(runner: Runner, engine: EngineUnderTest): void {
  ports(runner, engine)
  for (const suite of BRIEF_SUITES) suite(runner, engine)
}
