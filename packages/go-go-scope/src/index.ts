export type {
  CacheProvider,
  CacheStats,
  Checkpoint,
  CheckpointProvider,
  CircuitBreakerPersistedState,
  CircuitBreakerStateProvider,
  Claim,
  ClaimedKey,
  ClaimingIdempotencyProvider,
  IdempotencyEntry,
  IdempotencyProvider,
  LockHandle,
  LockProvider,
  PersistenceAdapter,
  PersistenceAdapterOptions,
  PersistenceProviders,
} from '@go-go-scope/persistence-core/ports'
export { createCache, InMemoryCache, type InMemoryCacheOptions } from './cache/in-memory-cache.js'
export { abortPromise, onAbort, whenAborted } from './cancellation/on-abort.js'
export type { CheckpointContext, CheckpointOptions } from './checkpoint/checkpoint-options.js'
export {
  type CheckpointSession,
  type CheckpointState,
  createCheckpointContext,
} from './checkpoint/create-checkpoint-context.js'
export { InMemoryCheckpointProvider } from './checkpoint/in-memory-checkpoint-provider.js'
export { createProgressContext, type Progress, type ProgressContext } from './checkpoint/progress-context.js'
export { CircuitBreaker } from './circuit-breaker/circuit-breaker.js'
export type {
  CircuitBreakerAdvancedOptions,
  CircuitBreakerEvents,
  CircuitBreakerOptions,
  CircuitState,
} from './circuit-breaker/circuit-breaker-options.js'
export { Semaphore } from './concurrency/semaphore.js'
export { AbortError, CircuitOpenError, UnknownError } from './errors/error-classes.js'
export {
  createIdempotencyProvider,
  InMemoryIdempotencyProvider,
  type InMemoryIdempotencyProviderOptions,
} from './idempotency/in-memory-idempotency-provider.js'
export { ResultNotStoredError } from './idempotency/result-not-stored-error.js'
export { Lock } from './lock/lock.js'
export { LockGuard } from './lock/lock-guard.js'
export type { LockAcquireOptions, LockOptions, LockStats, LockType } from './lock/lock-options.js'
export type { Logger, LogLevel } from './logging/logger.js'
export { AsyncDisposableResource } from './resource/async-disposable-resource.js'
export {
  decorrelatedJitter,
  type ExponentialBackoffOptions,
  exponentialBackoff,
  jitter,
  linear,
} from './retry/retry-delays.js'
export type { RetryDelay, RetryOptions, RetryStrategy } from './retry/retry-options.js'
export { Scope, scope } from './scope/scope.js'
export type { ScopeHooks } from './scope/scope-hooks.js'
export type { ParentScope, ScopeOptions } from './scope/scope-options.js'
export type { ProvideOptions } from './scope/services.js'
export type { Result } from './task/task.js'
export { Task } from './task/task.js'
export type {
  CheckpointedTaskContext,
  CheckpointedTaskFunction,
  CheckpointedTaskOptions,
  ErrorClass,
  ResumeOptions,
  TaskContext,
  TaskFunction,
  TaskOptions,
} from './task/task-options.js'
