import type { LockHandle } from '../ports/lock.js'
import { type Hold, Lease } from './hold.js'
import type { LockTable } from './lock-table.js'

/** What an acquired lock offers beyond the port. */
export interface SqlLockHandle extends LockHandle, AsyncDisposable {
  readonly key: string
  readonly owner: string
  /** Epoch ms at which the lease ends unless it is extended; in the past once it was lost or released. */
  readonly expiresAt: number
  /** Grows with every grant; pass it on to whatever must refuse a holder that was overtaken. */
  readonly token: number
  /** Aborts with a `LOCK_LOST` error when the lease is lost: expired, taken or force-released. Not by a release. */
  readonly signal: AbortSignal
  /** @returns `true` when this call gave the lock back, `false` when there was nothing left to give back. */
  release(): Promise<boolean>
  // So that the handle is also a handle of the port, whose release gives nothing.
  release(): Promise<void>
}

/** A lock held in the table of this process. */
export class MemoryLockHandle implements SqlLockHandle {
  readonly #table: LockTable
  readonly #hold: Hold
  #released = false
  readonly key: string

  constructor(table: LockTable, hold: Hold, key: string) {
    this.#table = table
    this.#hold = hold
    this.key = key
  }

  get owner(): string {
    return this.#table.ownerOf(this.#hold)
  }

  get expiresAt(): number {
    const { clock } = this.#table
    const end = this.#released ? Number.NEGATIVE_INFINITY : this.#hold.expiresAt
    return Math.ceil(clock.now() + end - clock.monotonic())
  }

  get token(): number {
    return this.#hold.token
  }

  get signal(): AbortSignal {
    this.#hold.lease ??= new Lease(this.#hold, this.#table.clock, this.key)
    return this.#hold.lease.signal
  }

  release(): Promise<boolean>
  release(): Promise<void>
  async release(): Promise<unknown> {
    if (!this.#live) return false
    this.#released = true
    this.#table.release(this.key, this.#hold)
    return true
  }

  async extend(ttl: number): Promise<boolean> {
    // Renewal runs from timers where a rejection has nobody to catch it: a bad ttl answers false like a lost lease.
    if (!this.#live || !(ttl > 0)) return false
    this.#table.extend(this.#hold, ttl)
    return true
  }

  async isValid(): Promise<boolean> {
    return this.#live
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release()
  }

  get #live(): boolean {
    return !this.#released && this.#table.holds(this.key, this.#hold)
  }
}
