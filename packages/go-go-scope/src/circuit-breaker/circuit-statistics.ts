import { AdaptiveThreshold } from './adaptive-threshold.js'
import type { CircuitBreakerOptions } from './circuit-breaker-options.js'
import { OutcomeWindow } from './outcome-window.js'

/** The windows of the advanced options, as far as they are on, and what follows from them. */
export class CircuitStatistics {
  /** The sliding window, whose failures count instead of those in a row. */
  readonly window: OutcomeWindow | undefined
  readonly #adaptive: AdaptiveThreshold | undefined
  readonly #fixedThreshold: number

  constructor({ failureThreshold = 5, advanced = {} }: CircuitBreakerOptions) {
    this.#fixedThreshold = failureThreshold
    if (advanced.adaptiveThreshold) this.#adaptive = new AdaptiveThreshold(failureThreshold, advanced)
    if (advanced.slidingWindow) this.window = new OutcomeWindow(advanced.slidingWindowSizeMs ?? 60_000)
  }

  get failureThreshold(): number {
    return this.#adaptive?.current ?? this.#fixedThreshold
  }

  /** 0 to 1 over the adaptive window, or else the sliding one; 0 without either. */
  get errorRate(): number {
    return this.#adaptive?.errorRate ?? this.window?.errorRate ?? 0
  }

  /** Returns `true` when the outcome changed the threshold. */
  record(failed: boolean): boolean {
    this.window?.record(failed)
    return this.#adaptive?.record(failed) ?? false
  }
}
