import { ofAllCopies } from '../../processes/all-copies.js'
import type { Sweeper } from '../../session/sweeper.js'
import type { Clock } from '../../time/clock.js'
import { CallsInOrder } from './calls-in-order.js'
import { expiryOf, grantedAnew, type Hold, moveExpiry } from './hold.js'
import type { HoldTable } from './hold-table.js'
import { HoldTables } from './hold-tables.js'
import type { LockManager, LockSession, MaybePromise } from './lock-manager.js'
import { wakeFirstWaiter } from './wait-queue.js'

/** Counts the grants of this process. */
const grants = ofAllCopies('go-go-scope.persistence.grants/1', () => ({ count: 0 }))

/**
 * Locks in memory. They exclude callers in this process across all adapters on one handle and prefix, but no other process. The
 * monotonic clock decides leases: a jump of the wall clock neither ends nor revives one.
 */
export class MemoryLockManager implements LockManager {
  readonly clock: Clock
  readonly kind = 'process'
  readonly sweepers: readonly Sweeper[] = []
  readonly #session: LockSession
  readonly #holds: HoldTable
  readonly #ownerPrefix: string
  readonly #calls: CallsInOrder
  #reported = false

  constructor(session: LockSession) {
    this.#session = session
    this.clock = session.clock
    this.#calls = session.connection.shared(CallsInOrder)
    // Calls made before the end also run before it.
    session.onEnd(() => this.#calls.runWaiting())
    this.#holds = HoldTables.of(session, 'process')
    this.#ownerPrefix = session.connection.lockOwnerPrefix
  }

  get held(): number {
    return this.#holds.size
  }

  now(): number {
    return this.clock.now()
  }

  /** Derived from the token when the caller passed no owner, so that a hold need not store it. */
  ownerOf(hold: Hold): string {
    return hold.owner ?? `${this.#ownerPrefix}-${hold.token}`
  }

  acquire(key: string, ttl: number, owner: string | undefined): MaybePromise<Hold | undefined> {
    // No call here waits for an engine: without a pause, a loop of awaited calls would keep every timer from firing.
    if (this.#calls.mustPause()) return this.#calls.later(() => this.#acquire(key, ttl, owner))
    return this.#acquire(key, ttl, owner)
  }

  isHeld(hold: Hold): MaybePromise<boolean> {
    return this.#calls.run(() => this.#isHeld(hold))
  }

  extend(hold: Hold, ttl: number): MaybePromise<boolean> {
    if (!this.#session.ready) return false
    return this.#calls.run(() => this.#extend(hold, ttl))
  }

  extendOwned(key: string, owner: string, ttl: number): MaybePromise<boolean> {
    if (!this.#session.ready) return false
    return this.#calls.run(() => {
      const hold = this.#holds.find(key)
      return hold !== undefined && this.ownerOf(hold) === owner && this.#extend(hold, ttl)
    })
  }

  release(hold: Hold): MaybePromise<boolean> {
    // Not by `run`: with a closure for each call, a lock with its release takes a quarter longer on Bun.
    return this.#calls.areWaiting ? this.#calls.later(() => this.#release(hold)) : this.#release(hold)
  }

  forceRelease(key: string): MaybePromise<void> {
    return this.#calls.run(() => this.#drop(key))
  }

  waitQueueOf(key: string): string {
    return `${this.#holds.name}:${key}`
  }

  freeIn(key: string): number {
    const hold = this.#holds.find(key)
    return hold === undefined ? 0 : hold.expiresAt - this.clock.monotonic()
  }

  #acquire(key: string, ttl: number, owner: string | undefined): Hold | undefined {
    const now = this.clock.monotonic()
    const held = this.#holds.get(key)
    if (held !== undefined && held.expiresAt > now) {
      if (owner === undefined || this.ownerOf(held) !== owner) return undefined
      held.count++
      if (now + ttl > held.expiresAt) moveExpiry(held, now + ttl)
      return held
    }
    const hold: Hold = { key, token: ++grants.count, owner, expiresAt: now + ttl, count: 1, lease: undefined }
    this.#holds.add(hold)
    // Notified last: a listener of the signal may request the lock immediately, and it is taken by then.
    if (held !== undefined) this.#holds.end(held, grantedAnew(key))
    if (!this.#reported) {
      this.#reported = true
      this.#session.connection.place.lockedInMemory()
    }
    return hold
  }

  #isHeld(hold: Hold): boolean {
    return this.#holds.find(hold.key) === hold
  }

  #extend(hold: Hold, ttl: number): boolean {
    if (!this.#isHeld(hold)) return false
    const expiresAt = this.clock.monotonic() + Math.ceil(ttl)
    const isSooner = expiresAt < hold.expiresAt
    moveExpiry(hold, expiresAt)
    if (isSooner) wakeFirstWaiter(this, hold.key)
    return true
  }

  #release(hold: Hold): boolean {
    if (!this.#isHeld(hold)) {
      // The loss may not have been found yet.
      if (this.#holds.get(hold.key) === hold) this.#holds.lose(hold, expiryOf(hold.key))
      return false
    }
    this.#holds.release(hold)
    wakeFirstWaiter(this, hold.key)
    return true
  }

  #drop(key: string): void {
    this.#holds.drop(key, `lock ${JSON.stringify(key)} was force-released`)
    wakeFirstWaiter(this, key)
  }
}
