import type { Session } from '../session/session.js'
import type { ResolvedOptions } from './adapter-options.js'
import type { Dialect } from './dialect.js'

/** What an adapter is made of, for the server that serves it to other threads and processes. */
export interface AdapterParts {
  readonly session: Session
  readonly dialect: Dialect
  readonly options: ResolvedOptions
}

// Not a member: what an adapter is made of is no part of what an app sees of it.
const parts = new WeakMap<object, AdapterParts>()

export function keepParts(adapter: object, made: AdapterParts): void {
  parts.set(adapter, made)
}

/** The parts of an adapter of all ports. @returns `undefined` for anything else, and for an adapter of another copy of this package. */
export function partsOf(adapter: unknown): AdapterParts | undefined {
  return typeof adapter === 'object' && adapter !== null ? parts.get(adapter) : undefined
}
