import { setTimeout } from 'node:timers/promises'
import type { Inspection, InspectOptions } from '@go-go-scope/persistence-core/public'
import type { Action } from './action.js'

/** The members of an adapter that are used to perform actions under its prefix. */
export interface Changeable {
  inspect(options?: InspectOptions): Inspection
  readonly lock: { readonly kind: string; extend(key: string, ttl: number, owner: string): Promise<boolean> }
  readonly circuitBreaker: { reset(key: string): Promise<void>; isolate(key: string): Promise<void> }
  readonly idempotency: {
    freeClaim(key: string, generation: number): Promise<boolean>
    delete(key: string): Promise<void>
  }
  readonly cache: {
    has(key: string): Promise<boolean>
    delete(key: string): Promise<void>
    clear(options?: { startsWith: string }): Promise<void>
  }
  prune(): Promise<{ cache: number; idempotency: number }>
}

/** The error when an item is not as the action names it. Nothing was changed. */
export class NotAsNamedError extends Error {}

/**
 * Performs exactly the requested action. An item that has changed since the user saw it is left alone.
 *
 * @param database The adapter of the action's prefix.
 * @param show Formats a key for messages.
 * @returns the result, for people.
 * @throws NotAsNamedError, and the PersistenceErrors of the adapter.
 */
export async function act(database: Changeable, action: Action, show: (text: string) => string): Promise<string> {
  const key = 'key' in action ? action.key : ''
  const named = show(key)
  switch (action.do) {
    case 'lock release':
      await releaseLock(database, key, action.token, named)
      return `the lock ${named} is free`
    case 'claim free':
      await freeClaim(database, key, action.generation, named)
      return `${named} can be claimed`
    case 'circuit reset':
      // A reset of a mistyped key would write a row. Isolating a circuit before its first call may be intended.
      if ((await find(database.inspect().circuits({ startsWith: key }), key)) === undefined)
        throw new NotAsNamedError(`there is no circuit ${named}; nothing was changed`)
      await database.circuitBreaker.reset(key)
      return `the circuit ${named} is closed`
    case 'circuit isolate':
      await database.circuitBreaker.isolate(key)
      return `the circuit ${named} is open until it is reset`
    case 'result delete':
      if ((await find(database.inspect().results({ startsWith: key }), key)) === undefined)
        throw new NotAsNamedError(`${named} has no result; nothing was changed`)
      await database.idempotency.delete(key)
      return `the result of ${named} is removed`
    case 'entry delete':
      if (!(await database.cache.has(key)))
        throw new NotAsNamedError(`there is no cache entry ${named}; nothing was changed`)
      await database.cache.delete(key)
      return `the cache entry ${named} is removed`
    case 'clear': {
      // An app with another prefix is easily meant, so it is not said that entries were removed where there were none.
      const listed = database.inspect().entries({ startsWith: action.startsWith, limit: 1, expired: true })
      const { done } = await listed.next()
      await (action.startsWith === ''
        ? database.cache.clear()
        : database.cache.clear({ startsWith: action.startsWith }))
      return done === true ? 'there were no such entries' : 'the cache entries are removed'
    }
    case 'prune': {
      const { cache, idempotency } = await database.prune()
      return `removed ${cache} cache ${cache === 1 ? 'entry' : 'entries'} and ${idempotency} result${idempotency === 1 ? '' : 's'}`
    }
  }
}

/** Releases the lock with that token. A newer holder keeps its lock. */
async function releaseLock(database: Changeable, key: string, token: number, named: string): Promise<void> {
  if (database.lock.kind !== 'database') {
    throw new NotAsNamedError(
      "locks in the database are released by an adapter with locks: 'database'; nothing was changed",
    )
  }
  const lock = await find(database.inspect().locks({ startsWith: key }), key)
  if (lock !== undefined && lock.token !== token)
    throw new NotAsNamedError(`the lock ${named} has the token ${lock.token}; nothing was changed`)
  // Shortens this owner's lease to 1 ms. A forced release could hit a new holder.
  if (lock === undefined || !(await database.lock.extend(key, 1, lock.owner ?? '')))
    throw new NotAsNamedError(`nobody holds the lock ${named}; nothing was changed`)
  await setTimeout(2) // Then the lease has expired.
}

/** Ends the claim of that generation, like the expiry of its lease. A newer claim stays. */
async function freeClaim(database: Changeable, key: string, generation: number, named: string): Promise<void> {
  if (await database.idempotency.freeClaim(key, generation)) return
  const claim = await find(database.inspect().claims({ startsWith: key }), key)
  throw new NotAsNamedError(
    claim === undefined
      ? `nobody works on ${named}; nothing was changed`
      : `the claim on ${named} has the generation ${claim.generation}; nothing was changed`,
  )
}

/** Returns the item with that key. A result need not be the first match, because kept failures come last. */
async function find<Found extends { readonly key: string }>(
  items: AsyncIterable<Found>,
  key: string,
): Promise<Found | undefined> {
  for await (const item of items) if (item.key === key) return item
  return undefined
}
