import type { PersistenceProviders } from '@go-go-scope/persistence-core/ports'
import type { AbortSource } from '../cancellation/abort-source.js'
import type { CircuitBreaker } from '../circuit-breaker/circuit-breaker.js'
import type { Semaphore } from '../concurrency/semaphore.js'
import type { Reporter } from '../errors/reporter.js'
import type { PendingClaims } from '../idempotency/pending-claims.js'
import type { Logger } from '../logging/logger.js'

/** The parts of a scope that its tasks use. */
export interface TaskEnvironment {
  readonly scopeName: string
  readonly abort: AbortSource
  readonly services: Record<string, unknown>
  readonly context: Record<string, unknown>
  readonly logger: Logger
  readonly report: Reporter
  readonly persistence: PersistenceProviders | undefined
  /** Defaults in ms for tasks without their own. */
  readonly idempotency: { readonly defaultTTL?: number; readonly defaultLease?: number }
  readonly pendingClaims: PendingClaims
  readonly permits: Semaphore | undefined
  readonly breaker: CircuitBreaker | undefined
  beforeTask(name: string, index: number): void
  afterTask(name: string, duration: number, error: unknown, index: number): void
}
