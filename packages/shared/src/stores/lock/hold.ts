import { PersistenceError } from '../../errors/persistence-error.js'
import type { Clock } from '../../time/clock.js'
import { Lease, type LeaseTerm } from '../../time/lease.js'
import type { RenewedLease } from '../../time/renewal.js'

/** The record that an owner holds a lock. Plain and small, because a process may have a million. */
export interface Hold {
  /** The name of the lock. */
  readonly key: string
  /** Grows with every grant. */
  readonly token: number
  /**
   * As passed by the caller. `undefined` for a lock in memory without an owner argument: its name is then derived from the token.
   */
  readonly owner: string | undefined
  /** Whether the hold of a generated owner is not released yet; see `LockSql.releaseUnique`. Absent for a lock in memory. */
  uncounted?: boolean
  /** Monotonic ms; -Infinity once the hold was lost. */
  expiresAt: number
  /** ms before the expiry at which the signal aborts; absent: none. */
  margin?: number
  /** See `Lease`; absent for a lock in memory. */
  lead?: number | undefined
  /** The number of handles that were not released. */
  count: number
  /** Created when a caller first reads the signal; see {@link leaseOf}. */
  lease: Lease | undefined
  /** Set when its holder is in another thread or process. */
  listener?: HoldListener | undefined
  /** Why it was lost, if no caller had read the signal by then. */
  lostBy?: string
}

/** Notified when a hold is lost. */
export interface HoldListener {
  lost(hold: Hold, reason: string): void
}

/** Returns the lease of `hold` for a caller that watches its signal. */
export function leaseOf(hold: Hold, clock: Clock): Lease {
  if (hold.lease === undefined) {
    hold.lease = new Lease(clock, termOf(hold), (reason = hold.lostBy ?? expiryOf(hold.key)) => lockLost(reason))
    // A caller may read the signal of a lock that it has released.
    if (hold.count === 0) hold.lease.settle()
  }
  return hold.lease
}

/** Returns the lease of `hold` for its renewal, which need not watch it: so it has no timer of its own until a caller does. */
export function renewedLease(hold: Hold, clock: Clock): RenewedLease {
  return {
    get closed() {
      return hold.lease?.closed === true
    },
    get ended() {
      return hold.expiresAt <= clock.monotonic()
    },
  }
}

/** Moves the expiry of a hold to `expiresAt`, in monotonic ms. */
export function moveExpiry(hold: Hold, expiresAt: number): void {
  hold.expiresAt = expiresAt
  hold.lease?.moveTo(termOf(hold))
}

function termOf({ expiresAt, margin = 0, lead }: Hold): LeaseTerm {
  return { end: expiresAt, margin, lead }
}

/** Marks a hold as lost and aborts its signal. */
export function loseHold(hold: Hold, reason: string): void {
  hold.expiresAt = Number.NEGATIVE_INFINITY
  if (hold.lease === undefined) hold.lostBy ??= reason
  else hold.lease.lose(reason)
  hold.listener?.lost(hold, reason)
}

/** Returns whether the hold was found to be lost. */
export function isLost(hold: Hold): boolean {
  return hold.expiresAt === Number.NEGATIVE_INFINITY
}

/** Returns why an expired hold of `key` was lost. */
export function expiryOf(key: string): string {
  return `the lease of lock ${JSON.stringify(key)} expired`
}

/** Returns why a hold of `key` was lost when its lock was acquired again, perhaps by the same owner. */
export function grantedAnew(key: string): string {
  return `the lease of lock ${JSON.stringify(key)} is over, and the lock was granted anew`
}

function lockLost(reason: string): PersistenceError {
  return new PersistenceError('LOCK_LOST', 'lock', `lock: ${reason}; stop the work that it guards`)
}
