import type { CacheProvider } from './cache.js'
import type { CheckpointProvider } from './checkpoint.js'
import type { CircuitBreakerStateProvider } from './circuit-breaker.js'
import type { IdempotencyProvider } from './idempotency.js'
import type { LockProvider } from './lock.js'

/** What `scope({ persistence })` takes: any subset of the ports. */
export interface PersistenceProviders {
  lock?: LockProvider
  circuitBreaker?: CircuitBreakerStateProvider
  cache?: CacheProvider
  idempotency?: IdempotencyProvider
  checkpoint?: CheckpointProvider
}

/** Options that every persistence adapter of go-go-scope understands. */
export interface PersistenceAdapterOptions {
  /** A prefix of every key, so that several apps can share one database. Default: none. */
  keyPrefix?: string
  /** Time to live of a lock acquired without one, in ms. Default 30,000. */
  defaultLockTTL?: number
  /** Whether connect creates and updates the tables. `false`: it only checks that they are current. Default `true`. */
  createTables?: boolean
}

/** Life cycle of an adapter. */
export interface PersistenceAdapter {
  /** Creates the tables. May be repeated. */
  connect?(): Promise<void>
  /** Waits for the calls under way. Closes the handle where no other adapter uses it and the app does not keep it. */
  disconnect?(): Promise<void>
  /** `false` before connect, `true` after it, `false` after disconnect. */
  isConnected?(): boolean
}
