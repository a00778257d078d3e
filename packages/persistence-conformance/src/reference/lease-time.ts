import type { PortClock } from '../suite.js'

/** The lease time of one process, which never goes back: it continues from the latest time that the process has seen. */
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

  /** Records a time that another process has stored in the file. */
  observe(time: number): void {
    this.#latest = Math.max(this.now(), time)
  }
}
