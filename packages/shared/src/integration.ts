/** What a package builds on that gives an adapter the face of another library: its ports, and the checks of arguments. */

export { invalidArgument, invalidOption } from './arguments/invalid.js'
export { nearestOf } from './arguments/nearest.js'
export { type OptionNames, readOptions } from './arguments/options.js'
export { checkProvider } from './arguments/provider.js'
export type { DiagnosticMessage } from './errors/diagnostics.js'
export { PersistenceError } from './errors/persistence-error.js'
export type * from './ports/index.js'
export type { SqlCacheProvider } from './stores/cache/cache-provider.js'
export { CHANNELS } from './tracing/channels.js'
export type { CacheEvent, CircuitEvent, ClaimEvent, LockEvent } from './tracing/events.js'
export type { TracedCall } from './tracing/traced-call.js'
export type { TracedDatabase } from './tracing/traced-database.js'
