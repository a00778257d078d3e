import type { LockHandle } from '@go-go-scope/persistence-core/ports'
import type { AbortSource } from '../cancellation/abort-source.js'

/** A lock that was granted, wherever it lives. */
export interface Hold {
  /** Aborts when the lock is no longer ours although nobody released it. */
  readonly lost: AbortSource
  /** The provider's own handle, with whatever more it offers. None in memory. */
  readonly handle?: LockHandle
  /** Whether `release` is done when it returns. */
  readonly synchronous: boolean
  /** Harmless when repeated. */
  release(): void | Promise<void>
}
