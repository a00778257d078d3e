import type { CacheProvider } from './cache.js'
import type { CheckpointProvider } from './checkpoint.js'
import type { CircuitBreakerStateProvider } from './circuit-breaker.js'
import type { IdempotencyProvider } from './idempotency.js'
import type { LockProvider } from './lock.js'

/** The value of `scope({ persistence })`: any subset of the ports. */
export interface PersistenceProviders {
  lock?: LockProvider
  circuitBreaker?: CircuitBreakerStateProvider
  cache?: CacheProvider
  idempotency?: IdempotencyProvider
  checkpoint?: CheckpointProvider
}

/** Options that every persistence adapter of go-go-scope accepts. */
export interface PersistenceAdapterOptions {
  /** Prefix of every key, so that several apps can share one database. Default: none. */
  keyPrefix?: string | undefined
  /** Time to live in ms of a lock that is acquired without one. Default 30,000. */
  defaultLockTTL?: number | undefined
  /** Whether `connect` creates and updates the tables. `false`: it only checks that they are current. Default `true`. */
  createTables?: boolean | undefined
}

/** Life cycle of an adapter. */
export interface PersistenceAdapter {
  /** Creates the tables. May be called again. */
  connect?(): Promise<void>
  /** Waits for the calls in flight. Then closes the handle, unless another adapter uses it or the app keeps it open. */
  disconnect?(): Promise<void>
  /** `false` before connect, `true` after it, `false` after disconnect. */
  isConnected?(): boolean
}
