import type { Clock } from './clock.js'

const RENEWALS_PER_LEASE = 3

/** What a {@link Renewal} asks of a lease. */
export interface RenewedLease {
  /**
   * Whether its holder has ended it, or knows that it is lost, perhaps while an answer was pending: then it need not be renewed.
   */
  readonly closed: boolean
  /** Whether its end is reached by the local clock. */
  readonly ended: boolean
}

/** Renews a lease every third of its duration. Its timers do not keep the process alive. Never rejects. */
export class Renewal {
  readonly #clock: Clock
  readonly #lease: RenewedLease
  readonly #duration: number
  readonly #endOfLife: number
  readonly #extend: (duration: number) => Promise<boolean>
  #cancelTimer: (() => void) | undefined
  #stopped = false

  /**
   * @param duration ms.
   * @param maxLife ms from now after which the lease is no longer renewed and ends; may be Infinity.
   * @param extend Never rejects.
   */
  constructor(
    clock: Clock,
    lease: RenewedLease,
    duration: number,
    maxLife: number,
    extend: (duration: number) => Promise<boolean>,
  ) {
    this.#clock = clock
    this.#lease = lease
    this.#duration = duration
    this.#endOfLife = clock.monotonic() + maxLife
    this.#extend = extend
    this.#schedule()
  }

  stop(): void {
    this.#stopped = true
    this.#cancelTimer?.()
  }

  #schedule(): void {
    this.#cancelTimer = this.#clock.setTimer(() => void this.#renew(), this.#duration / RENEWALS_PER_LEASE)
  }

  async #renew(): Promise<void> {
    const left = Math.floor(this.#endOfLife - this.#clock.monotonic())
    if (left <= 0) return
    const extended = await this.#extend(Math.min(this.#duration, left))
    const lasts = !this.#lease.ended && !this.#lease.closed
    // A failure is not final: while the lease lasts, the database may be free again at the next attempt.
    const more = !extended || left > this.#duration
    if (lasts && more && !this.#stopped) this.#schedule()
  }
}
