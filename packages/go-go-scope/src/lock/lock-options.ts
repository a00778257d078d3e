import type { LockProvider } from '@go-go-scope/persistence-core/ports'

export interface LockOptions {
  /** Default in a scope: its `persistence.lock`, when there is a key. Without a provider the lock is in memory. */
  provider?: LockProvider
  /** Locks of the same key exclude each other; without one, a lock stands alone. Needed with a provider. */
  key?: string
  /** ms a provider keeps the lock unless it is renewed, which happens every 60 % of it. Default 30000. */
  ttl?: number
  /** Default: a random one. */
  owner?: string
  /** `true`: use `read` and `write` instead of `acquire`. Default `false`. */
  allowMultipleReaders?: boolean
  /** For messages. Default: the key. */
  name?: string
}

export interface LockAcquireOptions {
  /** ms to wait. Absent: for ever. 0: over a provider one try, in memory for ever. */
  timeout?: number
  /** Higher goes first; first come, first served within one. Default 0. */
  priority?: number
  /** ms between two tries at a provider, give or take a quarter. Default 100. */
  pollInterval?: number
}

export type LockType = 'exclusive' | 'read' | 'write'

export interface LockStats {
  readerCount: number
  writerActive: boolean
  exclusiveActive: boolean
  pendingRequests: number
}
