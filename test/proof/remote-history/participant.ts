import type { AnyAdapter } from '../remote/served-world.js'
import type { Call } from './history.js'
import { KEYS, LEASE } from './history.js'

type Handle = { isValid?(): Promise<boolean>; release(): Promise<unknown> }

/** Where calls go: an adapter, or the reference. */
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

/** Who makes calls, with the locks that it holds by key. */
export class Participant {
  readonly #stores: Stores
  /** Those of earlier rounds: a call of this one cannot wait for a lock of it. */
  #held = new Map<string, Handle>()
  readonly #granted = new Map<string, Handle>()

  constructor(stores: Stores) {
    this.#stores = stores
  }

  /** The answers of the round have come. */
  endRound(): void {
    this.#held = new Map([...this.#held, ...this.#granted])
  }

  /** Gives back what it holds, as its end does. Only the reference needs to be told. */
  async giveBack(): Promise<void> {
    this.endRound()
    for (const handle of this.#held.values()) await handle.release()
  }

  /** Which locks it holds, of those that were granted to it. */
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

/** Its answer is promised to nobody. */
async function nothing(done: Promise<unknown>): Promise<undefined> {
  await done
}
