import type { PersistenceProviders } from '@go-go-scope/persistence-core/ports'
import type { CircuitBreakerOptions } from '../circuit-breaker/circuit-breaker-options.js'
import type { Logger, LogLevel } from '../logging/logger.js'
import type { ScopeHooks } from './scope-hooks.js'

/** The parent of a scope. Only a scope from `scope()` is accepted. */
export interface ParentScope {
  readonly scopeName: string
  readonly isDisposed: boolean
}

export interface ScopeOptions {
  /** ms until the scope aborts with `Scope timeout after <n>ms`; 0 or absent means none. */
  timeout?: number
  /** Aborts the scope with its own reason. */
  signal?: AbortSignal
  /** Default `scope-<n>`. */
  name?: string
  /** Maximum number of tasks that run at a time; 0 or less means no limit. */
  concurrency?: number
  /** One breaker for all tasks of the scope. */
  circuitBreaker?: CircuitBreakerOptions
  /** The parent, which aborts and disposes this scope with itself and shares its services, context, stores and limits. */
  parent?: ParentScope
  hooks?: ScopeHooks
  /** The stores of locks, breakers, results and checkpoints, for example an adapter. Replaces the parent's as a whole. */
  persistence?: PersistenceProviders
  /**
   * Defaults for tasks with an idempotency key, in ms. `defaultTTL`: how long a result is kept; absent means forever.
   * `defaultLease`: how long the key of a crashed process stays claimed; default 10000.
   */
  idempotency?: { defaultTTL?: number; defaultLease?: number }
  /** The values that tasks get as `ctx.context`, merged over a copy of the parent's. */
  context?: Record<string, unknown>
  logger?: Logger
  /** The lowest level that is logged. Without `logger`, messages go to the console. */
  logLevel?: LogLevel
}
