import type { CircuitBreakerAdvancedOptions } from './circuit-breaker-options.js'
import { OutcomeWindow } from './outcome-window.js'

/** Fewer requests than this say nothing about the error rate. */
const ENOUGH_REQUESTS = 5
/** From this error rate on, the threshold is at its minimum. */
const WORST_ERROR_RATE = 0.5

/** A failure threshold that falls as the error rate of the window grows. */
export class AdaptiveThreshold {
  readonly #window: OutcomeWindow
  readonly #min: number
  readonly #max: number
  #current: number

  constructor(initial: number, options: CircuitBreakerAdvancedOptions) {
    this.#window = new OutcomeWindow(options.errorRateWindowMs ?? 60_000)
    this.#min = options.minThreshold ?? 2
    this.#max = options.maxThreshold ?? 10
    this.#current = initial
  }

  get current(): number {
    return this.#current
  }

  get errorRate(): number {
    return this.#window.errorRate
  }

  /** Returns `true` when the outcome changed the threshold. */
  record(failed: boolean): boolean {
    this.#window.record(failed)
    if (this.#window.requests < ENOUGH_REQUESTS) return false
    const badness = Math.min(1, this.errorRate / WORST_ERROR_RATE)
    const adapted = Math.round(this.#max - (this.#max - this.#min) * badness)
    const changed = adapted !== this.#current
    this.#current = adapted
    return changed
  }
}
