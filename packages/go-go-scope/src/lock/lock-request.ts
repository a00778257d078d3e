import type { LockHandle } from '@go-go-scope/persistence-core/ports'
import type { AbortSource } from '../cancellation/abort-source.js'
import type { LockType } from './lock-options.js'

/** A lock that was granted, in memory or by a provider. */
export interface HeldLock {
  /** Aborts when the lock is lost: it is no longer ours although `release` was not called. */
  readonly lost: AbortSource
  /** The provider's own handle, with all its members. Absent in memory. */
  readonly handle?: LockHandle
  /** Whether `release` completes synchronously. */
  readonly synchronous: boolean
  /** Releases the lock. Repeated calls do nothing. */
  release(): void | Promise<void>
}

/** A request for a lock. One of its three callbacks is called once, unless the request is withdrawn first. */
export interface LockRequest {
  readonly type: LockType
  readonly priority: number
  /** Give up instead of waiting. */
  readonly once: boolean
  /** ms. */
  readonly pollInterval: number
  grant(held: HeldLock): void
  giveUp(): void
  fail(error: unknown): void
}

/** A queue of requests for one lock. */
export interface LockQueue {
  /** Returns a function that withdraws the request. Its promise, if any, resolves when everything acquired is released. */
  enqueue(request: LockRequest): () => Promise<void> | undefined
}
