import {
  type CircuitBreakerAdvancedOptions,
  type CircuitBreakerOptions,
  DEFAULT_FAILURE_THRESHOLD,
} from './circuit-breaker-options.js'

/** The windows of the advanced options, and the threshold and error rate computed from them. */
export class CircuitStatistics {
  /** The sliding window, whose failures count instead of consecutive ones. */
  readonly window: OutcomeWindow | undefined
  readonly #adaptive: AdaptiveThreshold | undefined
  readonly #fixedThreshold: number

  constructor({ failureThreshold = DEFAULT_FAILURE_THRESHOLD, advanced = {} }: CircuitBreakerOptions) {
    this.#fixedThreshold = failureThreshold
    if (advanced.adaptiveThreshold) this.#adaptive = new AdaptiveThreshold(failureThreshold, advanced)
    if (advanced.slidingWindow) this.window = new OutcomeWindow(advanced.slidingWindowSizeMs ?? 60_000)
  }

  get failureThreshold(): number {
    return this.#adaptive?.current ?? this.#fixedThreshold
  }

  /** The error rate, 0 to 1, of the adaptive window, or else of the sliding one; 0 without either. */
  get errorRate(): number {
    return this.#adaptive?.errorRate ?? this.window?.errorRate ?? 0
  }

  /** @returns `true` when the outcome changed the threshold. */
  record(failed: boolean): boolean {
    this.window?.record(failed)
    return this.#adaptive?.record(failed) ?? false
  }
}

/** With fewer requests than this, the threshold does not adapt. */
const ENOUGH_REQUESTS = 5
/** From this error rate on, the threshold is at its minimum. */
const WORST_ERROR_RATE = 0.5

/** A failure threshold that falls as the error rate of the window grows. */
class AdaptiveThreshold {
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

  /** @returns `true` when the outcome changed the threshold. */
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

/** The window is kept in this many slices, so that memory does not grow with the request rate. */
const SLICES = 60

interface Slice {
  number: number
  requests: number
  failures: number
}

/** Requests and failures of the last `size` ms, exact to a sixtieth of it. */
export class OutcomeWindow {
  readonly #sliceSize: number
  #slices: Slice[] = []

  constructor(size: number) {
    this.#sliceSize = size / SLICES
  }

  record(failed: boolean): void {
    const number = Math.floor(performance.now() / this.#sliceSize)
    let slice = this.#slices.at(-1)
    if (slice?.number !== number) {
      slice = { number, requests: 0, failures: 0 }
      this.#slices.push(slice)
    }
    slice.requests++
    if (failed) slice.failures++
  }

  get requests(): number {
    return this.#recent().reduce((sum, slice) => sum + slice.requests, 0)
  }

  get failures(): number {
    return this.#recent().reduce((sum, slice) => sum + slice.failures, 0)
  }

  /** 0 to 1; 0 without requests. */
  get errorRate(): number {
    const requests = this.requests
    return requests === 0 ? 0 : this.failures / requests
  }

  clear(): void {
    this.#slices = []
  }

  #recent(): Slice[] {
    const oldest = Math.floor(performance.now() / this.#sliceSize) - SLICES
    if ((this.#slices[0]?.number ?? oldest + 1) <= oldest) {
      this.#slices = this.#slices.filter((slice) => slice.number > oldest)
    }
    return this.#slices
  }
}
