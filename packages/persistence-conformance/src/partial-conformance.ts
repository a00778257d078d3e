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
import { sharedHandle } from './suites/shared-handle.js'
import { twoConnections } from './suites/two-connections.js'
import { unstoredResults } from './suites/unstored-results.js'
import { values } from './suites/values.js'

/** What depends on what the engine does in a thread: its values, its transactions and its errors. */
const OF_ENGINES_IN_THREADS: readonly EngineSuite[] = [operationOrder, fencedStatements]

/** What depends on the way to it, and is the same for all engines. */
const OF_THE_WAY_TO_THREADS: readonly EngineSuite[] = [
  sharedHandle,
  open,
  openSizes,
  movedFile,
  madeTogether,
  diagnostics,
]

/**
 * Declares what an engine in a thread of its own must hold: `whole` is all that it can, `engine` what depends on the engine,
 * and `way` what depends on the way to it, which is the same for all engines.
 */
export function threadedConformance(runner: Runner, engine: EngineUnderTest, part: 'whole' | 'engine' | 'way'): void {
  if (part === 'whole') ports(runner, engine)
  else if (part === 'way') portConformance(runner, 'ports', () => portsOf(engine, { locks: 'database' }))
  // The recorder of an engine answers within the call.
  const whole = suitesWithout(changesetSupport)
  const suites = { whole, engine: OF_ENGINES_IN_THREADS, way: OF_THE_WAY_TO_THREADS }
  for (const suite of suites[part]) suite(runner, engine)
}

/** What depends on how a client library is called: types, errors, transactions, concurrency, notifications, opening and closing. */
const OF_CLIENTS: readonly EngineSuite[] = [
  lifeCycle,
  fencing,
  exactNumbers,
  breakerWatch,
  claimWaiting,
  unstoredResults,
  values,
  madeTogether,
  operationOrder,
  twoConnections,
  diagnostics,
]

/** Declares what to test on one more client library of a server on which another one holds {@link serverConformance}. */
export function clientConformance(runner: Runner, server: ServerEngineUnderTest): void {
  const engine = withoutFiles(server)
  ports(runner, engine)
  for (const suite of OF_CLIENTS) suite(runner, engine)
}

/** What depends on how an engine is called: parameters, rows, errors, transactions, opening and closing. */
const BRIEF_SUITES: readonly EngineSuite[] = [
  lifeCycle,
  open,
  changesetSupport,
  flatMethods,
  fencedStatements,
  claims,
  values,
]

/** Declares the promises to test on one more version of an engine that holds all of them on another. */
export function briefConformance(runner: Runner, engine: EngineUnderTest): void {
  ports(runner, engine)
  for (const suite of BRIEF_SUITES) suite(runner, engine)
}
