import type { Session } from '../session/session.js'
import type { ResolvedOptions } from './adapter-options.js'
import type { Dialect } from './dialect.js'

/** The parts of an adapter that the server needs to serve it to other threads and processes. */
export interface AdapterParts {
  readonly session: Session
  readonly dialect: Dialect
  readonly options: ResolvedOptions
}

// Not a member of the adapter, because these parts are not public.
const parts = new WeakMap<object, AdapterParts>()

export function keepParts(adapter: object, made: AdapterParts): void {
  parts.set(adapter, made)
}

/**
 * Returns the parts of an adapter of all ports, or `undefined` for any other value and for an adapter of another copy of this
 * package.
 */
export function partsOf(adapter: unknown): AdapterParts | undefined {
  return typeof adapter === 'object' && adapter !== null ? parts.get(adapter) : undefined
}
