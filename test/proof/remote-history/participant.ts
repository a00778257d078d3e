import type { AnyAdapter } from '../remote/served-world.js'
import type { Call } from './history.js'
import { KEYS, LEASE } from './history.js'

type Handle = { isValid?(): Promise<boolean>; release(): Promise<unknown> }

/** The target of calls: an adapter, or the reference. */
export interface Stores {
  readonly cache: Pick<AnyAdapter['cache'], 'get' | 'set' | 'delete' | 'keys'> & {
    getMany(keys: readonly string[]): Promise<Map<string, unknown>>
  }
  readonly idempotency: {
    get(key: string): Promise<{ value: unknown } | null>
    set(key: string, value: unknown, ttl?: number): Promise<void>
  }
  readonly circuitBreaker: Pick<AnyAdapter['circuitBreaker'], 'recordFailure' | 'getState'>
  readonly lock: {
    acquire(key: string, ttl: number): Promise<Handle | null>
    forceRelease(key: string): Promise<void>
  }
}

/** Makes calls, and keeps its locks by key. */
export class Participant {
  readonly #stores: Stores
  /** The locks of earlier rounds. Those of the current round are not used yet, because its calls are concurrent. */
  #held = new Map<string, Handle>()
  readonly #granted = new Map<string, Handle>()

  constructor(stores: Stores) {
    this.#stores = stores
  }

  /** Call it after the answers of a round. */
  endRound(): void {
    this.#held = new Map([...this.#held, ...this.#granted])
  }

  /** Releases all locks, as its end does. Only the reference needs this call. */
  async giveBack(): Promise<void> {
    this.endRound()
    for (const handle of this.#held.values()) await handle.release()
  }

  /** Returns which of its granted locks are still valid. */
  async holds(): Promise<unknown[]> {
    const all = [...this.#held, ...this.#granted]
    return Promise.all(all.map(async ([key, handle]) => [key, await handle.isValid?.()]))
  }

  async make(call: Call): Promise<unknown> {
    const { cache, idempotency, circuitBreaker, lock } = this.#stores
    switch (call.do) {
      case 'set':
        return nothing(cache.set(call.key, call.value, call.ttl))
      case 'get':
        return cache.get(call.key)
      case 'delete':
        return nothing(cache.delete(call.key))
      case 'getBoth':
        return [...(await cache.getMany(KEYS))]
      case 'keys':
        return (await cache.keys()).toSorted()
      case 'result':
        return nothing(idempotency.set(call.key, call.value, call.ttl))
      case 'stored':
        return (await idempotency.get(call.key))?.value
      case 'fail':
        return circuitBreaker.recordFailure(call.key, 4)
      case 'state':
        return (await circuitBreaker.getState(call.key))?.failureCount
      case 'acquire': {
        const handle = await lock.acquire(call.key, LEASE)
        if (handle !== null) this.#granted.set(call.key, handle)
        return handle !== null
      }
      case 'force':
        return nothing(lock.forceRelease(call.key))
      case 'isValid':
        return this.#held.get(call.key)?.isValid?.()
      case 'release': {
        const held = this.#held.get(call.key)
        return held && nothing(held.release())
      }
    }
  }
}

/** Hides an answer that is not promised. */
async function nothing(done: Promise<unknown>): Promise<undefined> {
  await done
}
