/** Further exports for the tests of this repository. Not published. */
export { ports as portsOfAdapters } from './conformance.js'
export { followedContents, sha256Of } from './followed-contents.js'
export { portNames } from './port-names.js'
export { endings } from './process-suites/endings.js'
export { OwnerProcess } from './remote/owner-process.js'
export { remoteEngine } from './remote/remote-engine.js'
export { anySample } from './samples/any-sample.js'
