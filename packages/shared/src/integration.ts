/** What a package builds on that gives an adapter the face of another library: its ports, and the checks of arguments. */

export { invalidArgument, invalidOption } from './arguments/invalid.js'
export { type OptionNames, readOptions } from './arguments/options.js'
export { checkProvider } from './arguments/provider.js'
export { PersistenceError } from './errors/persistence-error.js'
export type * from './ports/index.js'
export type { SqlCacheProvider } from './stores/cache/cache-provider.js'
