import type { PersistenceError } from '../errors/persistence-error.js'
import type { Clock } from './clock.js'

const MARGIN_PART = 0.1
const LONGEST_MARGIN_MS = 1_000

/** ms before the end of a lease at which its holder stops relying on it: a tenth of the lease, at most a second. */
export function leaseMargin(duration: number): number {
  return Math.min(duration * MARGIN_PART, LONGEST_MARGIN_MS)
}

/**
 * What the holder of a lease may believe by its own monotonic clock. A database goes by wall time, which can jump; a
 * holder that goes by this lease never outlives the stored one, and its signal aborts a margin early.
 */
export class Lease {
  readonly #clock: Clock
  readonly #lost: (reason?: string) => PersistenceError
  #end: number
  #margin: number
  #over = false
  #controller: AbortController | undefined
  #cancelTimer: (() => void) | undefined

  /**
   * @param end Monotonic ms; may be Infinity.
   * @param margin ms.
   * @param lost Makes the error that the signal aborts with. Without a reason, the local clock has reached the end.
   */
  constructor(clock: Clock, end: number, margin: number, lost: (reason?: string) => PersistenceError) {
    this.#clock = clock
    this.#end = end
    this.#margin = margin
    this.#lost = lost
  }

  /** Made at the first call: a lease that no caller watches costs no timer. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (!this.#over) this.#watch()
    }
    return this.#controller.signal
  }

  /** Whether the holder has ended it, or was told that it is lost. */
  get over(): boolean {
    return this.#over
  }

  /** Whether the end has come, by the local clock and without the margin. */
  get ended(): boolean {
    return this.#clock.monotonic() >= this.#end
  }

  /** Whether the holder may still rely on the lease: it is neither over nor within the margin. */
  get safe(): boolean {
    return !this.#over && this.#clock.monotonic() < this.#end - this.#margin
  }

  /**
   * Moves the end.
   *
   * @param end Monotonic ms.
   * @param margin ms.
   */
  moveTo(end: number, margin: number): void {
    const sooner = end - margin < this.#end - this.#margin
    this.#end = end
    this.#margin = margin
    // A timer that fires early looks by itself: setting it anew at every extension would cost more.
    if (sooner && !this.#over && this.#controller !== undefined) this.#watch()
  }

  /** The holder has ended the lease: the signal does not abort. */
  settle(): void {
    this.#over = true
    this.#stopTimer()
  }

  /** The lease was lost: the signal aborts, unless the lease is over already. */
  lose(reason?: string): void {
    if (this.#over) return
    this.settle()
    this.#controller ??= new AbortController()
    this.#controller.abort(this.#lost(reason))
  }

  #watch(): void {
    this.#stopTimer()
    const remaining = this.#end - this.#margin - this.#clock.monotonic()
    if (remaining <= 0) this.lose()
    else if (remaining < Number.POSITIVE_INFINITY) {
      this.#cancelTimer = this.#clock.setTimer(() => this.#watch(), remaining)
    }
  }

  #stopTimer(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }
}
