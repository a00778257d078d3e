/** The suites for authors of other adapters. */
export {
  adapterConformance,
  conformance,
  ownerConformance,
  serverConformance,
} from './conformance.js'
export type { EngineUnderTest, PlacesUnderTest, ServerEngineUnderTest } from './engine-under-test.js'
export { ManualClock } from './manual-clock.js'
export { oneEngineConformance } from './one-engine-conformance.js'
export { briefConformance, clientConformance, threadedConformance } from './partial-conformance.js'
export { portConformance } from './port-conformance.js'
export type { PortName } from './port-names.js'
export { processConformance } from './process-conformance.js'
export { type ReferenceProviders, referenceProviders } from './reference/reference-providers.js'
export type { Runner } from './runner.js'
export type { DependsOn, PortClock, PortWorld } from './suite.js'
export { type ThreadUnderTest, threadedEngine } from './threaded-engine.js'
