export { type InspectorHandler, inspector } from './inspector.js'
export type { Inspectable, InspectorOptions } from './options.js'
export type { DatabaseStats } from './overview.js'
