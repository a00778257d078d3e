import type { Hold } from './hold.js'
import type { LockType } from './lock-options.js'

/** Somebody who wants a lock. One of the three callbacks is called once, unless the request is withdrawn first. */
export interface LockRequest {
  readonly type: LockType
  readonly priority: number
  /** Give up instead of waiting. */
  readonly once: boolean
  /** ms. */
  readonly pollInterval: number
  grant(hold: Hold): void
  giveUp(): void
  fail(error: unknown): void
}

/** Where requests wait. */
export interface LockQueue {
  /** @returns withdraws the request; the promise, if any, ends when nothing taken for it is left, and never rejects. */
  enqueue(request: LockRequest): () => Promise<void> | undefined
}
