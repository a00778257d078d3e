export type { CacheProvider, CacheStats } from './cache.js'
export type { Checkpoint, CheckpointProvider } from './checkpoint.js'
export type { CircuitBreakerPersistedState, CircuitBreakerStateProvider } from './circuit-breaker.js'
export type {
  Claim,
  ClaimedKey,
  ClaimingIdempotencyProvider,
  ClaimOptions,
  ClaimOutcome,
  CompletedKey,
  FailedKey,
  KeyRecord,
  RunningKey,
  UnstoredKey,
  VacantKey,
} from './claims.js'
export type { IdempotencyEntry, IdempotencyProvider } from './idempotency.js'
export type { LockHandle, LockProvider } from './lock.js'
export type { Admission, AdmitOptions, Permit, ProbingCircuitBreakerProvider, ReportOutcome } from './probes.js'
export type { PersistenceAdapter, PersistenceAdapterOptions, PersistenceProviders } from './providers.js'
