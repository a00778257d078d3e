import type { PortClock } from '../suite.js'

/** The time one process goes by for leases: as late as it ever saw it to be, and on from there. */
export class LeaseTime {
  readonly #clock: PortClock & { monotonic(): number }
  #latest = Number.NEGATIVE_INFINITY
  #seenAt = 0

  constructor(clock: PortClock & { monotonic(): number }) {
    this.#clock = clock
  }

  /** Epoch ms. */
  now(): number {
    const monotonic = this.#clock.monotonic()
    this.#latest = Math.max(this.#clock.now(), this.#latest + monotonic - this.#seenAt)
    this.#seenAt = monotonic
    return this.#latest
  }

  /** Takes note of a time that another process has left in the file. */
  observe(time: number): void {
    this.#latest = Math.max(this.now(), time)
  }
}
