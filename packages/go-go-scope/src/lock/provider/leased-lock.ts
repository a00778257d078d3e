import type { LockHandle } from '@go-go-scope/persistence-core/ports'
import type { AbortSource } from '../../cancellation/abort-source.js'
import { RenewedLease } from '../../time/renewed-lease.js'
import type { HeldLock } from '../lock-request.js'
import type { Attempt, LockTerms } from './attempt.js'

/** Share of the ttl after which a lock is renewed. */
const RENEW_AFTER = 0.6

/** A provider's lock, whose lease is renewed while it is held. */
export class LeasedLock implements HeldLock {
  readonly synchronous: boolean = false
  readonly handle: LockHandle
  readonly #lease: RenewedLease

  /** Tries once. Returns `null` if another owner holds the lock. Rejects with the provider's error. */
  static async acquire({ provider, ttl, owner, report }: LockTerms, key: string): Promise<LeasedLock | null> {
    const asked = performance.now()
    const handle: (LockHandle & { signal?: AbortSignal }) | null = await provider.acquire(key, ttl, owner)
    if (handle === null) return null
    const lease = new RenewedLease({
      ttl,
      renewAfter: ttl * RENEW_AFTER,
      asked,
      // An async function, so that a synchronous throw of the provider becomes a rejection.
      extend: async () => handle.extend(ttl),
      signal: handle.signal,
      title: `Lock '${key}'`,
      source: 'lock.extend',
      report,
    })
    return new LeasedLock(handle, lease)
  }

  private constructor(handle: LockHandle, lease: RenewedLease) {
    this.handle = handle
    this.#lease = lease
  }

  get lost(): AbortSource {
    return this.#lease.lost
  }

  async release(): Promise<void> {
    this.#lease.end()
    // Also after a loss: if the provider still counts us as the owner, others need not wait for the expiry.
    await this.handle.release()
  }
}

/** Returns an attempt to acquire an exclusive lock, which is one key. */
export function exclusiveAttempt(terms: LockTerms): Attempt {
  return {
    committed: false,
    async try() {
      const lock = await LeasedLock.acquire(terms, `lock:exclusive:${terms.key}`)
      // The provider may hold it for its owner a little longer, so that the holder can stop. The same owner would get it again.
      if (!terms.isOwnerGiven) lock?.lost.onAbort(() => (terms.owner = crypto.randomUUID()))
      return lock
    },
    abandon: async () => {},
  }
}
