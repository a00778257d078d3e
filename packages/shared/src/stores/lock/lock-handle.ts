import type { LockHandle } from '../../ports/lock.js'
import { type Hold, leaseOf } from './hold.js'
import type { LockManager } from './lock-manager.js'
import { Renewal } from './renewal.js'

/** What an acquired lock offers beyond the port. */
export interface SqlLockHandle extends LockHandle, AsyncDisposable {
  readonly key: string
  readonly owner: string
  /** Epoch ms at which the lease ends unless it is extended; in the past once it was lost or released. */
  readonly expiresAt: number
  /** Grows with every grant; pass it on to a resource that must refuse a holder that was overtaken. */
  readonly token: number
  /**
   * Aborts with a `LOCK_LOST` error when the lease is lost: expired, taken or force-released. Not by a release.
   *
   * For a lock in the database it aborts before the lease ends, by 10 % of its ttl and at most 1 s, so that the holder
   * can stop in time; a loss to another process is noticed by then, or by a call that asks the database.
   */
  readonly signal: AbortSignal
  /**
   * @returns `true` when this call gave the lock back, `false` when there was nothing left to give back.
   * @throws PersistenceError when the database refuses, for a lock that is kept there; the call may be repeated.
   */
  release(): Promise<boolean>
  // So that the handle is also a handle of the port, whose release gives nothing.
  release(): Promise<void>
}

/** A lock held in some {@link LockManager}. */
export class StoredLockHandle implements SqlLockHandle {
  readonly #manager: LockManager
  readonly #hold: Hold
  #released = false
  #renewal: Renewal | undefined

  constructor(manager: LockManager, hold: Hold) {
    this.#manager = manager
    this.#hold = hold
  }

  /** What `handle` stands for; `undefined` for an object that is no such handle. */
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

  /** Extends the lease by itself until it is released, lost or `maxLife` ms old. */
  renew(ttl: number, maxLife: number): void {
    this.#renewal = new Renewal(this.#manager.clock, this.#hold, ttl, maxLife, async (next) =>
      this.#manager.extend(this.#hold, next),
    )
  }

  release(): Promise<boolean>
  release(): Promise<void>
  async release(): Promise<unknown> {
    if (this.#released) return false
    // At once, so that a second call made before the first has settled cannot give back another handle's hold.
    this.#released = true
    this.#renewal?.stop()
    try {
      const released = this.#manager.release(this.#hold)
      return typeof released === 'boolean' ? released : await released
    } catch (error) {
      this.#released = false
      throw error
    }
  }

  async extend(ttl: number): Promise<boolean> {
    // A bad ttl answers false like a lost lease: renewal runs from timers, where no caller could catch a rejection.
    if (this.#released || typeof ttl !== 'number' || !(ttl > 0)) return false
    return this.#manager.extend(this.#hold, ttl)
  }

  async isValid(): Promise<boolean> {
    return !this.#released && this.#manager.isHeld(this.#hold)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release()
  }
}
