import { Scope } from './scope.js'
import type { ScopeOptions } from './scope-options.js'

/** Makes a scope; use it with `await using`, which ends it. */
export function scope(options?: ScopeOptions): Scope {
  return new Scope(options)
}
