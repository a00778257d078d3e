import type { EngineUnderTest, OptionsUnderTest, ServerEngineUnderTest } from './engine-under-test.js'
import { portConformance } from './port-conformance.js'
import type { Runner } from './runner.js'
import type { DependsOn, EngineSuite, PortWorld } from './suite.js'
import { backupSchedules } from './suites/backup-schedules.js'
import { backups } from './suites/backups.js'
import { badInput } from './suites/bad-input.js'
import { breakerWatch } from './suites/breaker-watch.js'
import { cache } from './suites/cache.js'
import { cachePatterns } from './suites/cache-patterns.js'
import { cachePrefixes } from './suites/cache-prefixes.js'
import { callOrder } from './suites/call-order.js'
import { changesetSupport } from './suites/changeset-support.js'
import { channels } from './suites/channels.js'
import { checkpoints } from './suites/checkpoints.js'
import { circuitBreaker } from './suites/circuit-breaker.js'
import { claimCrossings } from './suites/claim-crossings.js'
import { claimFreeing } from './suites/claim-freeing.js'
import { claimLateReports } from './suites/claim-late-reports.js'
import { claimLeases } from './suites/claim-leases.js'
import { claimModel } from './suites/claim-model.js'
import { claimWaiting } from './suites/claim-waiting.js'
import { claims } from './suites/claims.js'
import { databaseLocks } from './suites/database-locks.js'
import { diagnostics } from './suites/diagnostics.js'
import { exactNumbers } from './suites/exact-numbers.js'
import { fencedStatements } from './suites/fenced-statements.js'
import { fencing } from './suites/fencing.js'
import { flatMethods } from './suites/flat-methods.js'
import { foreignNames } from './suites/foreign-names.js'
import { getOrSet } from './suites/get-or-set.js'
import { getOrSetCircles } from './suites/get-or-set-circles.js'
import { getOrSetMeanwhile } from './suites/get-or-set-meanwhile.js'
import { getOrSetStale } from './suites/get-or-set-stale.js'
import { growth } from './suites/growth.js'
import { guardedCalls } from './suites/guarded-calls.js'
import { hostileRows } from './suites/hostile-rows.js'
import { idempotency } from './suites/idempotency.js'
import { inspectedFiles } from './suites/inspected-files.js'
import { inspection } from './suites/inspection.js'
import { keptOrRefused } from './suites/kept-or-refused.js'
import { keys } from './suites/keys.js'
import { leaseModel } from './suites/lease-model.js'
import { leaseTime } from './suites/lease-time.js'
import { leaseTimeBetweenRuns } from './suites/lease-time-between-runs.js'
import { leaseTimeOfFiles } from './suites/lease-time-of-files.js'
import { leaving } from './suites/leaving.js'
import { lifeCycle } from './suites/life-cycle.js'
import { lockModel } from './suites/lock-model.js'
import { lockRenewal } from './suites/lock-renewal.js'
import { lockWaiting } from './suites/lock-waiting.js'
import { locks } from './suites/locks.js'
import { madeTogether } from './suites/made-together.js'
import { movedFile } from './suites/moved-file.js'
import { once } from './suites/once.js'
import { open } from './suites/open.js'
import { openSizes } from './suites/open-sizes.js'
import { operationOrder } from './suites/operation-order.js'
import { prefixIsolation } from './suites/prefix-isolation.js'
import { probeModel } from './suites/probe-model.js'
import { publishedFile29 } from './suites/published-file.js'
import { randomValues } from './suites/random-values.js'
import { readers } from './suites/readers.js'
import { remadeSchema } from './suites/remade-schema.js'
import { restores } from './suites/restores.js'
import { schema } from './suites/schema.js'
import { sealedFile } from './suites/sealed-file.js'
import { sharedBreaker } from './suites/shared-breaker.js'
import { sharedHandle } from './suites/shared-handle.js'
import { standby } from './suites/standby.js'
import { standbyDivergence } from './suites/standby-divergence.js'
import { standbyHistories } from './suites/standby-histories.js'
import { standbySources } from './suites/standby-sources.js'
import { standbyTakeover } from './suites/standby-takeover.js'
import { storeModels } from './suites/store-models.js'
import { timeToLive } from './suites/time-to-live.js'
import { twoConnections } from './suites/two-connections.js'
import { unknownOptions } from './suites/unknown-options.js'
import { unreadableArguments } from './suites/unreadable-arguments.js'
import { unstoredResults } from './suites/unstored-results.js'
import { values } from './suites/values.js'
import { createWorld } from './world.js'

const SUITES: readonly EngineSuite[] = [
  leaving,
  lifeCycle,
  sharedHandle,
  flatMethods,
  open,
  openSizes,
  readers,
  changesetSupport,
  movedFile,
  schema,
  remadeSchema,
  sealedFile,
  foreignNames,
  publishedFile29,
  locks,
  lockModel,
  lockRenewal,
  lockWaiting,
  databaseLocks,
  leaseTime,
  leaseTimeOfFiles,
  leaseTimeBetweenRuns,
  leaseModel,
  fencing,
  fencedStatements,
  exactNumbers,
  circuitBreaker,
  sharedBreaker,
  guardedCalls,
  probeModel,
  breakerWatch,
  cache,
  cachePatterns,
  cachePrefixes,
  getOrSet,
  getOrSetMeanwhile,
  getOrSetCircles,
  getOrSetStale,
  growth,
  checkpoints,
  idempotency,
  claims,
  claimCrossings,
  claimFreeing,
  claimLateReports,
  claimLeases,
  claimWaiting,
  once,
  claimModel,
  unstoredResults,
  values,
  keptOrRefused,
  randomValues,
  keys,
  prefixIsolation,
  timeToLive,
  badInput,
  unreadableArguments,
  unknownOptions,
  backups,
  restores,
  backupSchedules,
  inspection,
  inspectedFiles,
  callOrder,
  madeTogether,
  operationOrder,
  storeModels,
  twoConnections,
  diagnostics,
  channels,
  hostileRows,
  standby,
  standbyDivergence,
  standbySources,
  standbyTakeover,
  standbyHistories,
]

/** The suites of what the owner of a file does with the file as a whole. */
const OF_OWNERS: ReadonlySet<EngineSuite> = new Set([
  backups,
  restores,
  backupSchedules,
  standby,
  standbyDivergence,
  standbySources,
  standbyTakeover,
  standbyHistories,
  changesetSupport,
])

/** The suites of promises that only files make, and of tests that use statements of SQLite's dialect. */
const OF_FILES: ReadonlySet<EngineSuite> = new Set([
  ...OF_OWNERS,
  sharedHandle,
  open,
  openSizes,
  movedFile,
  schema,
  remadeSchema,
  sealedFile,
  foreignNames,
  publishedFile29,
  leaseTime,
  leaseTimeOfFiles,
  leaseTimeBetweenRuns,
  leaseModel,
  fencedStatements,
  hostileRows,
  inspectedFiles,
  readers,
])

/** Declares every promise that one engine in one process must hold. The names of the tests are equal for all engines. */
export function conformance(runner: Runner, engine: EngineUnderTest): void {
  adapterConformance(runner, engine)
  ownerConformance(runner, engine)
}

/** Declares the promises of an adapter, including one that is served by another thread or process. */
export function adapterConformance(runner: Runner, engine: EngineUnderTest): void {
  ports(runner, engine)
  for (const suite of SUITES) if (!OF_OWNERS.has(suite)) suite(runner, engine)
}

/** Declares the promises of a file's owner: copies, standbys, changesets. @param which Default: all of them. */
export function ownerConformance(runner: Runner, engine: EngineUnderTest, which?: DependsOn): void {
  for (const suite of OF_OWNERS) suite(runner, engine, which)
}

export function suitesWithout(left: EngineSuite): readonly EngineSuite[] {
  return SUITES.filter((suite) => suite !== left)
}

/** Declares the promises of an adapter on a client library of a database server. */
export function serverConformance(runner: Runner, server: ServerEngineUnderTest): void {
  const engine = withoutFiles(server)
  ports(runner, engine)
  for (const suite of SUITES) if (!OF_FILES.has(suite)) suite(runner, engine)
}

/** Declares the promises of an adapter's ports, with locks of each kind. */
export function ports(runner: Runner, engine: EngineUnderTest): void {
  portConformance(runner, 'ports', () => portsOf(engine))
  portConformance(runner, 'ports with locks in the database', () => portsOf(engine, { locks: 'database' }), ['lock'])
}

export async function portsOf(engine: EngineUnderTest, options?: OptionsUnderTest): Promise<PortWorld> {
  const world = await createWorld(engine)
  return { providers: await world.adapter(options), clock: world.clock, dispose: () => world.dispose() }
}

/** Widens the type. That is safe, because suites for a server are not in {@link OF_FILES} and call no function for files. */
export function withoutFiles(server: ServerEngineUnderTest): EngineUnderTest {
  return server as EngineUnderTest
}
