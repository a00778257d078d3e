import type { Session } from '../../session/session.js'
import type { Sweeper } from '../../session/sweeper.js'
import type { Clock } from '../../time/clock.js'
import type { Hold } from './hold.js'

/** The parts of a session that a manager of locks in memory needs. */
export type LockSession = Pick<Session, 'clock' | 'connection' | 'prefix' | 'ready' | 'onEnd' | 'onEnded'>

/** Where locks are kept: in the memory of this process, or in the database for all processes that use it. */
export type LockKind = 'process' | 'database'

/** Synchronous if the locks are in memory, unless the turn of the event loop has taken long. */
export type MaybePromise<Value> = Value | Promise<Value>

/**
 * Decides about locks: by the table of this process (memory-lock-manager.ts) or by the database (database-lock-manager.ts). Its
 * arguments are validated; a `ttl` is a positive number of ms.
 */
export interface LockManager {
  readonly clock: Clock
  /** The scope in which its locks exclude each other. */
  readonly kind: LockKind
  /** Locks granted in this process. Some may have expired. */
  readonly held: number
  /** Remove the rows of expired locks; none for locks in memory. */
  readonly sweepers: readonly Sweeper[]
  /** Returns epoch ms by the clock that decides leases. */
  now(): number
  ownerOf(hold: Hold): string
  /** Returns the name of the queue in which all callers of this process wait for the lock, across adapters. */
  waitQueueOf(key: string): string
  /** Returns the ms until the lock is free unless it is extended. Absent when other processes also decide. */
  freeIn?(key: string): number
  /** Returns `undefined` while another owner holds the lock. */
  acquire(key: string, ttl: number, owner: string | undefined): MaybePromise<Hold | undefined>
  /** Never rejects: an unconfirmed answer is `false`. */
  isHeld(hold: Hold): MaybePromise<boolean>
  /** Never rejects, because timers call it, where no caller could catch a rejection. */
  extend(hold: Hold, ttl: number): MaybePromise<boolean>
  /** {@link extend} for the hold of `key` that belongs to `owner`. */
  extendOwned(key: string, owner: string, ttl: number): MaybePromise<boolean>
  /** Returns whether this call released the lock, which `hold` still held. */
  release(hold: Hold): MaybePromise<boolean>
  forceRelease(key: string): MaybePromise<void>
}
