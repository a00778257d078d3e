import { hasCode } from '../../errors/persistence-error.js'
import type { LockHandle } from '../../ports/lock.js'
import { Renewal } from '../../time/renewal.js'
import { type Hold, leaseOf, renewedLease } from './hold.js'
import type { LockManager } from './lock-manager.js'

/** An acquired lock: the handle of the port with the additions of this package. */
export interface SqlLockHandle extends LockHandle, AsyncDisposable {
  readonly key: string
  readonly owner: string
  /** Epoch ms at which the lease ends unless it is extended. In the past for a lost or released lock. */
  readonly expiresAt: number
  /** Fencing token. It grows with every grant. A resource can refuse a holder whose token is lower than the last one it saw. */
  readonly token: number
  /**
   * Aborts with a `LOCK_LOST` error when the lock is lost: its lease expired, or it was force-released. A release does not abort
   * it.
   *
   * For a lock in the database it aborts 10 % of the ttl, but at most 1 s, before the lease ends, so that the holder can stop in
   * time. A force-release by another process shows at that time, or earlier at a call that queries the database.
   */
  readonly signal: AbortSignal
  /**
   * Releases this hold of the lock.
   *
   * @returns `true` when this call released it, `false` when it was released or lost before.
   * @throws PersistenceError when the lock is in the database and the statement fails; the call may be repeated, after
   *   `OUTCOME_UNKNOWN` only if no other process holds the lock under this owner.
   */
  release(): Promise<boolean>
  // The `release` of the port returns nothing.
  release(): Promise<void>
  /**
   * Moves the end of the lease to now + `ttl` ms. Never rejects.
   *
   * @returns `false` when the lock was released or lost, or `ttl` is not a positive number. For a lock in the database also when
   *   the statement failed, for example because the database was busy: the diagnostics receive the error, and the lock may still be
   *   held.
   */
  extend(ttl: number): Promise<boolean>
  /**
   * Returns whether this hold of the lock is neither released nor lost. Never rejects: for a lock in the database, the answer is
   * also `false` when the database cannot be asked.
   */
  isValid(): Promise<boolean>
}

/** A lock held in a {@link LockManager}. */
export class StoredLockHandle implements SqlLockHandle {
  readonly #manager: LockManager
  readonly #hold: Hold
  #released = false
  #renewal: Renewal | undefined

  constructor(manager: LockManager, hold: Hold) {
    this.#manager = manager
    this.#hold = hold
  }

  /** Returns the content of a handle, or `undefined` for any other value. */
  static read(handle: unknown): { manager: LockManager; hold: Hold; released: boolean } | undefined {
    if (typeof handle !== 'object' || handle === null || !(#manager in handle)) return undefined
    return { manager: handle.#manager, hold: handle.#hold, released: handle.#released }
  }

  get key(): string {
    return this.#hold.key
  }

  get owner(): string {
    return this.#manager.ownerOf(this.#hold)
  }

  get expiresAt(): number {
    const end = this.#released ? Number.NEGATIVE_INFINITY : this.#hold.expiresAt
    return Math.ceil(this.#manager.now() + end - this.#manager.clock.monotonic())
  }

  get token(): number {
    return this.#hold.token
  }

  get signal(): AbortSignal {
    return leaseOf(this.#hold, this.#manager.clock).signal
  }

  /** Starts to renew the lease, until the lock is released or lost, or until `maxLife` ms have passed. */
  renew(ttl: number, maxLife: number): void {
    const { clock } = this.#manager
    this.#renewal = new Renewal(clock, renewedLease(this.#hold, clock), ttl, maxLife, async (next) =>
      this.#manager.extend(this.#hold, next),
    )
  }

  release(): Promise<boolean>
  release(): Promise<void>
  release(): Promise<unknown> {
    if (this.#released) return Promise.resolve(false)
    // Set immediately: a second call before the first has settled must not release the hold of another handle.
    this.#released = true
    this.#renewal?.stop()
    try {
      const released = this.#manager.release(this.#hold)
      if (typeof released === 'boolean') return Promise.resolve(released)
      return released.catch((error: unknown) => this.#notReleased(error))
    } catch (error) {
      // The clock is code of the app.
      return this.#notReleased(error)
    }
  }

  async extend(ttl: number): Promise<boolean> {
    // An invalid ttl returns false like a lost lease: renewal runs from timers, where no caller could catch a rejection.
    if (this.#released || typeof ttl !== 'number' || !(ttl > 0)) return false
    return this.#manager.extend(this.#hold, ttl)
  }

  async isValid(): Promise<boolean> {
    return !this.#released && this.#manager.isHeld(this.#hold)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release()
  }

  #notReleased(error: unknown): Promise<never> {
    // Releasing again could release another handle's hold.
    if (hasCode(error, 'OUTCOME_UNKNOWN') && this.#hold.count > 1) this.#hold.count--
    else this.#released = false
    return Promise.reject(error)
  }
}
