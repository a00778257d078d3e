import type { LockProvider } from '@go-go-scope/persistence-core/ports'

export interface LockOptions {
  /** The store of the lock. Default in a scope: its `persistence.lock` if there is a key. Without one the lock is in memory. */
  provider?: LockProvider
  /** Locks with the same key exclude each other. Without a key, a lock excludes no other. Required with a provider. */
  key?: string
  /** Length of a provider's lease in ms. It is renewed after 60 % of it. Default 30000. */
  ttl?: number
  /** Default: a random one. Do not share it: a provider grants a held mutex again to the same owner, also in another process. */
  owner?: string
  /** `true`: use `read` and `write` instead of `acquire`. Default `false`. */
  allowMultipleReaders?: boolean
  /** The name in messages. Default: the key. */
  name?: string
}

export interface LockAcquireOptions {
  /** ms to wait. Absent: forever. 0: one try with a provider, forever in memory. */
  timeout?: number
  /** Higher goes first. Equal priorities are first come, first served. Default 0. */
  priority?: number
  /** ms between two tries with a provider, ±25 %. Default 100. */
  pollInterval?: number
}

export type LockType = 'exclusive' | 'read' | 'write'

export interface LockStats {
  readerCount: number
  writerActive: boolean
  exclusiveActive: boolean
  pendingRequests: number
}
