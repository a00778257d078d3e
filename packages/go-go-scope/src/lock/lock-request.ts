import type { LockHandle } from '@go-go-scope/persistence-sqlite-core/ports'
import type { AbortSource } from '../cancellation/abort-source.js'
import type { LockType } from './lock-options.js'

/** A lock that was granted, wherever it lives. */
export interface HeldLock {
  /** Aborts when the lock is no longer ours although nobody released it. */
  readonly lost: AbortSource
  /** The provider's own handle, with whatever more it offers. None in memory. */
  readonly handle?: LockHandle
  /** Whether `release` is done when it returns. */
  readonly synchronous: boolean
  /** Harmless when repeated. */
  release(): void | Promise<void>
}

/** Somebody who wants a lock. One of the three callbacks is called once, unless the request is withdrawn first. */
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

/** Where requests wait. */
export interface LockQueue {
  /** @returns withdraws the request; the promise, if any, ends when nothing taken for it is left, and never rejects. */
  enqueue(request: LockRequest): () => Promise<void> | undefined
}
