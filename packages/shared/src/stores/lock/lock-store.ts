import type { Clock } from '../../time/clock.js'
import type { Hold } from './hold.js'

type Answer<Value> = Value | Promise<Value>

/**
 * Who decides about locks: the table of this process (memory-lock-store.ts) or the file (database-lock-store.ts). Its
 * arguments have been checked; a `ttl` is a positive number of ms.
 */
export interface LockStore {
  readonly clock: Clock
  /** Locks granted in this process, some of which may have expired. */
  readonly held: number
  /** Epoch ms by the clock that judges the leases. */
  now(): number
  ownerOf(hold: Hold): string
  /** `undefined` while another owner holds the lock. */
  acquire(key: string, ttl: number, owner: string | undefined): Answer<Hold | undefined>
  /** Never rejects: what cannot be confirmed is `false`. */
  isHeld(key: string, hold: Hold): Answer<boolean>
  /** Never rejects: it is called from timers, where a rejection has nobody to catch it. */
  extend(key: string, hold: Hold, ttl: number): Answer<boolean>
  /** The same for whatever grant `owner` has. */
  extendOwned(key: string, owner: string, ttl: number): Answer<boolean>
  /** Whether there was something left to give back. */
  release(key: string, hold: Hold): Answer<boolean>
  forceRelease(key: string): Answer<void>
}
