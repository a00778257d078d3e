import type { CircuitBreakerStateProvider } from '@go-go-scope/persistence-core/ports'

export type CircuitState = 'closed' | 'open' | 'half-open'

export const DEFAULT_FAILURE_THRESHOLD = 5
/** ms. */
export const DEFAULT_RESET_TIMEOUT = 30_000

export interface CircuitBreakerOptions {
  /** Failures in a row that open the circuit. Default 5. */
  failureThreshold?: number
  /** ms the circuit stays open. Default 30000. */
  resetTimeout?: number
  /** Successes in half-open that close it. Default 1. */
  successThreshold?: number
  /**
   * Name of the circuit in the store. Default: the scope's name, or the task's id. Give a key, a name or an id: after a
   * restart or in another process, other work may get the same generated name, and each child scope gets its own. The store
   * keeps the state of each name for ever, so an app that makes many scopes must give their breakers one key. All tasks of
   * the process with the same key and store share one breaker, which has the options of the first task and reports failures
   * of the store to its scope.
   */
  key?: string
  /** The store of the state. Default in a scope: its `persistence.circuitBreaker`. */
  provider?: CircuitBreakerStateProvider
  onStateChange?: (from: CircuitState, to: CircuitState, failureCount: number) => void
  onOpen?: (failureCount: number) => void
  onClose?: () => void
  onHalfOpen?: () => void
  advanced?: CircuitBreakerAdvancedOptions
}

export interface CircuitBreakerAdvancedOptions {
  /** From 5 requests in the window on, the threshold falls from max to min as the error rate goes from 0 to 50 %. */
  adaptiveThreshold?: boolean
  /** Default 2. */
  minThreshold?: number
  /** Default 10. */
  maxThreshold?: number
  /** ms. Default 60000. */
  errorRateWindowMs?: number
  onThresholdAdapt?: (threshold: number, errorRate: number) => void
  /** Counts the failures within a time window instead of consecutive ones. Each process has its own window. */
  slidingWindow?: boolean
  /** ms. Default 60000. */
  slidingWindowSizeMs?: number
}

/** Arguments of each event's listeners. */
export interface CircuitBreakerEvents {
  stateChange: [from: CircuitState, to: CircuitState, failureCount: number]
  open: [failureCount: number]
  close: []
  halfOpen: []
  success: []
  failure: []
  thresholdAdapt: [threshold: number, errorRate: number]
}
