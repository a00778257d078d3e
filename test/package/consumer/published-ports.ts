// The ports as the published go-go-scope 2.9 declares them, hand-written: an application on 2.9 must be able to pass our adapters
// without a cast.

export interface PublishedLockHandle {
  release(): Promise<void>
  extend(ttl: number): Promise<boolean>
  isValid(): Promise<boolean>
}

export interface PublishedLockProvider {
  acquire(key: string, ttl: number, owner?: string): Promise<PublishedLockHandle | null>
  extend(key: string, ttl: number, owner: string): Promise<boolean>
  forceRelease(key: string): Promise<void>
}

export interface PublishedCircuitState {
  state: 'closed' | 'open' | 'half-open'
  failureCount: number
  lastFailureTime?: number
  lastSuccessTime?: number
}

export interface PublishedCircuitBreakerStateProvider {
  getState(key: string): Promise<PublishedCircuitState | null>
  setState(key: string, state: PublishedCircuitState): Promise<void>
  recordFailure(key: string, maxFailures: number): Promise<number>
  recordSuccess(key: string): Promise<void>
  subscribe?(key: string, callback: (state: PublishedCircuitState) => void): () => void
}

export interface PublishedCacheProvider {
  get<T>(key: string): Promise<T | null>
  set<T>(key: string, value: T, ttl?: number): Promise<void>
  delete(key: string): Promise<void>
  has(key: string): Promise<boolean>
  clear(): Promise<void>
  keys(pattern?: string): Promise<string[]>
}

export interface PublishedIdempotencyProvider {
  get<T>(key: string): Promise<{ value: T; expiresAt?: number } | null>
  set<T>(key: string, value: T, ttl?: number): Promise<void>
  delete(key: string): Promise<void>
}

export interface PublishedCheckpoint<T = unknown> {
  id: string
  taskId: string
  sequence: number
  timestamp: number
  progress: number
  data: T
  estimatedTimeRemaining?: number
}

export interface PublishedCheckpointProvider {
  save<T>(checkpoint: PublishedCheckpoint<T>): Promise<void>
  loadLatest<T>(taskId: string): Promise<PublishedCheckpoint<T> | undefined>
  load<T>(checkpointId: string): Promise<PublishedCheckpoint<T> | undefined>
  list(taskId: string): Promise<PublishedCheckpoint[]>
  cleanup(taskId: string, keepCount: number): Promise<void>
  deleteAll(taskId: string): Promise<void>
}

export interface PublishedProviders {
  lock?: PublishedLockProvider
  circuitBreaker?: PublishedCircuitBreakerStateProvider
  cache?: PublishedCacheProvider
  idempotency?: PublishedIdempotencyProvider
  checkpoint?: PublishedCheckpointProvider
}

export interface PublishedAdapter {
  connect?(): Promise<void>
  disconnect?(): Promise<void>
  isConnected?(): boolean
}

export declare function publishedScope(options: { persistence?: PublishedProviders }): void
