import { OF_ADAPTERS, ports } from '../conformance.js'
import type { EngineUnderTest } from '../engine-under-test.js'
import type { Runner } from '../runner.js'
import type { EngineSuite } from '../suite.js'
import { badInput } from '../suites/bad-input.js'
import { breakerWatch } from '../suites/breaker-watch.js'
import { channels } from '../suites/channels.js'
import { claimWaiting } from '../suites/claim-waiting.js'
import { diagnostics } from '../suites/diagnostics.js'
import { exactNumbers } from '../suites/exact-numbers.js'
import { fencedStatements } from '../suites/fenced-statements.js'
import { flatMethods } from '../suites/flat-methods.js'
import { getOrSet } from '../suites/get-or-set.js'
import { getOrSetCircles } from '../suites/get-or-set-circles.js'
import { getOrSetMeanwhile } from '../suites/get-or-set-meanwhile.js'
import { getOrSetStale } from '../suites/get-or-set-stale.js'
import { keptOrRefused } from '../suites/kept-or-refused.js'
import { leaving } from '../suites/leaving.js'
import { lifeCycle } from '../suites/life-cycle.js'
import { locks } from '../suites/locks.js'
import { madeTogether } from '../suites/made-together.js'
import { open } from '../suites/open.js'
import { operationOrder } from '../suites/operation-order.js'
import { unknownOptions } from '../suites/unknown-options.js'
import { unreadableArguments } from '../suites/unreadable-arguments.js'
import { unstoredResults } from '../suites/unstored-results.js'
import { values } from '../suites/values.js'

/** The suites that depend on how a runtime sends messages: values, errors, order, loads, locks, opening and closing. */
const OF_MESSAGES: ReadonlySet<EngineSuite> = new Set([
  leaving,
  lifeCycle,
  flatMethods,
  open,
  locks,
  exactNumbers,
  fencedStatements,
  breakerWatch,
  getOrSet,
  getOrSetMeanwhile,
  getOrSetCircles,
  getOrSetStale,
  claimWaiting,
  unstoredResults,
  values,
  keptOrRefused,
  badInput,
  unreadableArguments,
  unknownOptions,
  madeTogether,
  operationOrder,
  diagnostics,
  channels,
])

/**
 * Declares the promises of an adapter that another thread or process serves: `whole` for all of them, `messages` for those that
 * depend on how a runtime sends messages, and `rest` for the others.
 */
export function remoteConformance(runner: Runner, engine: EngineUnderTest, part: 'whole' | 'messages' | 'rest'): void {
  if (part !== 'rest') ports(runner, engine)
  for (const suite of OF_ADAPTERS) {
    if (part === 'whole' || (part === 'messages') === OF_MESSAGES.has(suite)) suite(runner, engine)
  }
}
