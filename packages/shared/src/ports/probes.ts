import type { CircuitBreakerPersistedState, CircuitBreakerStateProvider } from './circuit-breaker.js'

/** How a circuit lets calls through. */
export interface AdmitOptions {
  /** ms for which an open circuit refuses every call, counted from its opening. */
  resetTimeout: number
  /** Calls that probe a half-open circuit at a time, over all processes. Default 1. */
  probes?: number
  /** ms after which a probe that has not reported gives its place to another. Default: `resetTimeout`. */
  lease?: number
}

/** A call that was let through; hand it back when the call has ended. Plain data. */
export interface Permit {
  readonly key: string
  /** Names one period of the circuit: it grows whenever the circuit opens, closes, is isolated, reset or set. */
  readonly generation: number
  /** There while the circuit is half-open: the call is a probe and has a place among the probes. */
  readonly probe?: string
}

/** What {@link ProbingCircuitBreakerProvider.admit} answers. */
export type Admission =
  | { readonly admitted: true; readonly state: 'closed' | 'half-open'; readonly permit: Permit }
  | {
      readonly admitted: false
      readonly state: 'open' | 'half-open'
      /** Epoch ms from which asking again can succeed; absent for an isolated circuit. */
      readonly retryAt?: number
    }

/**
 * What became of a report. It is not counted when its permit is of an earlier period of the circuit, or its probe's
 * lease was over.
 */
export interface ReportOutcome {
  readonly counted: boolean
  /** `null` for a circuit that was never stored. */
  readonly state: CircuitBreakerPersistedState | null
}

/**
 * One breaker for all processes: the store decides which calls are admitted, which of them probe, and which reports
 * count.
 */
export interface ProbingCircuitBreakerProvider extends CircuitBreakerStateProvider {
  /**
   * Admits a call, or answers when to ask again. Give the permit of an admitted call to {@link succeeded}, {@link failed} or
   * {@link withdrawn} when the call has ended.
   *
   * @throws (as a rejection) `INVALID_KEY`, `INVALID_ARGUMENT`.
   */
  admit(key: string, options: AdmitOptions): Promise<Admission>
  /**
   * The call succeeded: consecutive failures of a closed circuit are forgotten; a half-open one counts the success and
   * closes at `successThreshold`.
   *
   * @param successThreshold Default 1.
   */
  succeeded(permit: Permit, successThreshold?: number): Promise<ReportOutcome>
  /**
   * The call failed: a half-open circuit opens again, a closed one when its consecutive failures reach `maxFailures`.
   *
   * @param maxFailures Default 5.
   */
  failed(permit: Permit, maxFailures?: number): Promise<ReportOutcome>
  /** The call told nothing about the circuit, for example because it was aborted: a probe gives its place back. */
  withdrawn(permit: Permit): Promise<void>
  /** Holds the circuit open until {@link reset} or `setState`; successes and failures change nothing. */
  isolate(key: string): Promise<void>
  /** Closes the circuit and forgets its failures. */
  reset(key: string): Promise<void>
  /**
   * Calls `listener` after each change of `key`, also those that other processes make, a little later.
   *
   * @returns the unsubscriber.
   */
  subscribe(key: string, listener: (state: CircuitBreakerPersistedState) => void): () => void
}
