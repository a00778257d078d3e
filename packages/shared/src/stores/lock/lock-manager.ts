import type { Session } from '../../session/session.js'
import type { Sweeper } from '../../session/sweeper.js'
import type { Clock } from '../../time/clock.js'
import type { Hold } from './hold.js'

/** What a manager of locks in memory needs of a session. */
export type LockSession = Pick<Session, 'clock' | 'connection' | 'prefix' | 'ready' | 'atEnd' | 'afterEnd'>

/** At once where the locks are in memory, unless the turn of the event loop has taken long. */
export type Answered<Value> = Value | Promise<Value>

/**
 * What decides about locks: the table of this process (memory-lock-manager.ts) or the database (database-lock-manager.ts).
 * Its arguments have been checked; a `ttl` is a positive number of ms.
 */
export interface LockManager {
  readonly clock: Clock
  /** Among whom its locks count. */
  readonly kind: 'process' | 'database'
  /** Locks granted in this process, some of which may have expired. */
  readonly held: number
  /** What removes the rows of locks that are over; none where locks are in memory. */
  readonly sweepers: readonly Sweeper[]
  /** Epoch ms by the clock that judges the leases. */
  now(): number
  ownerOf(hold: Hold): string
  /** Names the queue in which all callers of this process wait for the lock, whichever adapter they use. */
  waitQueueOf(key: string): string
  /** ms until the lock is free unless it is extended. Absent where others decide too. */
  freeIn?(key: string): number
  /** `undefined` while another owner holds the lock. */
  acquire(key: string, ttl: number, owner: string | undefined): Answered<Hold | undefined>
  /** Never rejects: what cannot be confirmed is `false`. */
  isHeld(hold: Hold): Answered<boolean>
  /** Never rejects: timers call it, where no caller could catch a rejection. */
  extend(hold: Hold, ttl: number): Answered<boolean>
  /** {@link extend} for the hold of `key` that `owner` has. */
  extendOwned(key: string, owner: string, ttl: number): Answered<boolean>
  /** Whether `hold` still held the lock, and no longer does. */
  release(hold: Hold): Answered<boolean>
  forceRelease(key: string): Answered<void>
}
