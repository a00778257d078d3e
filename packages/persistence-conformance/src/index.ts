export {
  adapterConformance,
  briefConformance,
  clientConformance,
  conformance,
  ownerConformance,
  ports as portsOfAdapters,
  serverConformance,
  threadedConformance,
} from './conformance.js'
export type { EngineUnderTest, PlacesUnderTest } from './engine-under-test.js'
export { followedContents, sha256Of } from './followed-contents.js'
export { ManualClock } from './manual-clock.js'
export { oneEngineConformance } from './one-engine-conformance.js'
export { portConformance } from './port-conformance.js'
export { type PortName, portNames } from './port-names.js'
export { processConformance } from './process-conformance.js'
export { endings } from './process-suites/endings.js'
export { type ReferenceProviders, referenceProviders } from './reference/reference-providers.js'
export { OwnerProcess } from './remote/owner-process.js'
export { remoteEngine } from './remote/remote-engine.js'
export type { Runner } from './runner.js'
export type { PortClock, PortWorld } from './suite.js'
export { type ThreadUnderTest, threadedEngine } from './threaded-engine.js'
