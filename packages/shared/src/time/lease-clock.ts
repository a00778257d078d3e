import type { Clock } from './clock.js'

const clocks = new WeakMap<Clock, LeaseClock>()

/**
 * Epoch ms for leases that other processes judge too: follows the wall clock forward, never back, and goes on at the rate
 * of the monotonic clock while the wall clock is behind. A wall clock that is set back can therefore neither revive a
 * lease nor make one last longer, and time that another process has seen ({@link observe}) is not undone either.
 */
export class LeaseClock {
  readonly #clock: Clock
  #latest = Number.NEGATIVE_INFINITY
  #readAt = 0

  /** The one of `clock`: all connections that go by one clock agree on the time. */
  static of(clock: Clock): LeaseClock {
    let leaseClock = clocks.get(clock)
    if (leaseClock === undefined) {
      leaseClock = new LeaseClock(clock)
      clocks.set(clock, leaseClock)
    }
    return leaseClock
  }

  private constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whole epoch ms. */
  now(): number {
    return Math.floor(this.#advance())
  }

  /** Takes note of a time that was stored by anybody who uses the same file. */
  observe(time: number): void {
    if (time > this.#advance()) this.#latest = time
  }

  #advance(): number {
    const monotonic = this.#clock.monotonic()
    this.#latest = Math.max(this.#clock.now(), this.#latest + monotonic - this.#readAt)
    this.#readAt = monotonic
    return this.#latest
  }
}
