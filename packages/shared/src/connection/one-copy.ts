import { PersistenceError } from '../errors/persistence-error.js'
import { ofAllCopies } from '../processes/all-copies.js'

const THIS_COPY = {}

/**
 * Returns which installed copy of this package uses which handle. Each copy has its own queue and lock table: two on one handle
 * would end each other's transactions and grant one lock twice.
 */
const owners = (): WeakMap<object, object> => ofAllCopies('go-go-scope.persistence.handles/1', () => new WeakMap())

/** Claims a handle for this copy, which may have it already. @throws PersistenceError `SECOND_COPY`. */
export function claimHandle(handle: object): void {
  const owner = owners().get(handle)
  if (owner !== undefined && owner !== THIS_COPY) {
    throw new PersistenceError(
      'SECOND_COPY',
      'constructor',
      'constructor: an adapter of another copy of @go-go-scope/persistence-core, installed or loaded a second time, uses ' +
        "this handle, and the two would not see each other's locks; run npm dedupe, disconnect the other adapter first, or " +
        'use a handle for each',
    )
  }
  owners().set(handle, THIS_COPY)
}

/** Releases a handle, so that any copy can claim it. */
export function releaseHandle(handle: object): void {
  if (owners().get(handle) === THIS_COPY) owners().delete(handle)
}
