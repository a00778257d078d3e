import type { PersistenceProviders } from '@go-go-scope/persistence-core/ports'
import type { CircuitBreakerOptions } from '../circuit-breaker/circuit-breaker-options.js'
import type { Logger, LogLevel } from '../logging/logger.js'
import type { ScopeHooks } from './scope-hooks.js'

/** The parent of a scope. Only a scope that `scope()` has made is accepted. */
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
  /** Tasks that run at a time; 0 or less means no limit. */
  concurrency?: number
  /** One breaker for all tasks of the scope. */
  circuitBreaker?: CircuitBreakerOptions
  /** Aborts and disposes this scope with itself. Lends it its services, context, stores and limits. */
  parent?: ParentScope
  hooks?: ScopeHooks
  /** The stores of locks, breakers, results and checkpoints; replaces the parent's as a whole. An adapter fits. */
  persistence?: PersistenceProviders
  /**
   * Defaults of tasks with an idempotency key, in ms. `defaultTTL`: how long a result is kept; absent means for ever.
   * `defaultLease`: how long the key of a process that died stays claimed; default 10000.
   */
  idempotency?: { defaultTTL?: number; defaultLease?: number }
  /** What tasks get as `ctx.context`, over a copy of the parent's. */
  context?: Record<string, unknown>
  logger?: Logger
  /** Lowest level that is logged; without a logger it turns the console on. */
  logLevel?: LogLevel
}
