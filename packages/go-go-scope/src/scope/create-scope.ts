import { Scope } from './scope.js'
import type { ScopeOptions } from './scope-options.js'

/**
 * Makes a scope; use it with `await using`, which ends it.
 *
 * @throws TypeError for a name that is no option, and for a `persistence` that is no open store.
 */
export function scope<S extends object = Record<never, never>>(options?: ScopeOptions): Scope<S> {
  return new Scope<S>(options)
}
