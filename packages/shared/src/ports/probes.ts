import type { CircuitBreakerPersistedState, CircuitBreakerStateProvider } from './circuit-breaker.js'

/** How a circuit admits calls. */
export interface AdmitOptions {
  /** ms for which an open circuit refuses every call, counted from the moment it opened. */
  resetTimeout: number
  /** Maximum number of concurrent probes of a half-open circuit, across all processes. Default 1. */
  probes?: number | undefined
  /** ms after which a probe that has not reported loses its slot to another. Default: `resetTimeout`. */
  lease?: number | undefined
}

/** Plain data of an admitted call. Pass it to the method that reports the outcome. */
export interface Permit {
  readonly key: string
  /** Identifies one period of the circuit. It grows whenever the circuit opens, closes, is isolated, reset or set. */
  readonly generation: number
  /** Set while the circuit is half-open: the call is a probe and occupies one of the probe slots. */
  readonly probe?: string
}

/** The result of {@link ProbingCircuitBreakerProvider.admit}. */
export type Admission =
  | { readonly admitted: true; readonly state: 'closed' | 'half-open'; readonly permit: Permit }
  | {
      readonly admitted: false
      readonly state: 'open' | 'half-open'
      /** Epoch ms from which a retry can succeed; absent for an isolated circuit. */
      readonly retryAt?: number
    }

/**
 * The outcome of a report. A report is not counted when its permit belongs to an earlier period of the circuit, or when the lease
 * of its probe was over.
 */
export interface ReportOutcome {
  readonly counted: boolean
  /** `null` for a circuit that was never stored. */
  readonly state: CircuitBreakerPersistedState | null
}

/**
 * One circuit breaker for all processes: the store decides which calls are admitted, which of them are probes, and which reports
 * count.
 */
export interface ProbingCircuitBreakerProvider extends CircuitBreakerStateProvider {
  /**
   * Admits a call, or says when to retry. When an admitted call has ended, pass its permit to {@link succeeded}, {@link failed}
   * or {@link withdrawn}.
   *
   * @throws (as a rejection) `INVALID_KEY`, `INVALID_ARGUMENT`.
   */
  admit(key: string, options: AdmitOptions): Promise<Admission>
  /**
   * Reports a success. A closed circuit clears its consecutive failures; a half-open circuit counts the success and closes at
   * `successThreshold`.
   *
   * @param successThreshold Default 1.
   */
  succeeded(permit: Permit, successThreshold?: number): Promise<ReportOutcome>
  /**
   * Reports a failure. A half-open circuit opens again; a closed circuit opens when its consecutive failures reach `maxFailures`.
   *
   * @param maxFailures Default 5.
   */
  failed(permit: Permit, maxFailures?: number): Promise<ReportOutcome>
  /** Reports a call that says nothing about the circuit, for example an aborted one. A probe frees its slot. */
  withdrawn(permit: Permit): Promise<void>
  /** Holds the circuit open until {@link reset} or `setState`. Until then, successes and failures change nothing. */
  isolate(key: string): Promise<void>
  /** Closes the circuit and clears its failures. */
  reset(key: string): Promise<void>
  /**
   * Calls `listener` after each change of `key`. Changes by other processes arrive a little later.
   *
   * @returns a function that unsubscribes.
   * @throws (not as a rejection) `INVALID_KEY`, `INVALID_ARGUMENT`; `CLOSED` after the store was closed.
   */
  subscribe(key: string, listener: (state: CircuitBreakerPersistedState) => void): () => void
}
