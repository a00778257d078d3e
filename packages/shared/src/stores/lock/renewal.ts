import type { Clock } from '../../time/clock.js'
import type { Hold } from './hold.js'

const RENEWALS_PER_TTL = 3

/** Extends a lock every third of its ttl. Its timers do not keep the process alive. Never rejects. */
export class Renewal {
  readonly #clock: Clock
  readonly #hold: Hold
  readonly #ttl: number
  readonly #endOfLife: number
  readonly #extend: (ttl: number) => Promise<boolean>
  #cancelTimer: (() => void) | undefined
  #stopped = false

  /**
   * @param maxLife ms from now after which the lock is no longer renewed and expires; may be Infinity.
   * @param extend Never rejects.
   */
  constructor(clock: Clock, hold: Hold, ttl: number, maxLife: number, extend: (ttl: number) => Promise<boolean>) {
    this.#clock = clock
    this.#hold = hold
    this.#ttl = ttl
    this.#endOfLife = clock.monotonic() + maxLife
    this.#extend = extend
    this.#schedule()
  }

  stop(): void {
    this.#stopped = true
    this.#cancelTimer?.()
  }

  #schedule(): void {
    this.#cancelTimer = this.#clock.setTimer(() => void this.#renew(), this.#ttl / RENEWALS_PER_TTL)
  }

  async #renew(): Promise<void> {
    const left = Math.floor(this.#endOfLife - this.#clock.monotonic())
    if (left <= 0 || this.#isKnownLost) return
    const extended = await this.#extend(Math.min(this.#ttl, left))
    const lasts = this.#hold.expiresAt > this.#clock.monotonic() && !this.#isKnownLost
    // A failure is not final: while the lease lasts, the database may be free again at the next attempt.
    const more = !extended || left > this.#ttl
    if (lasts && more && !this.#stopped) this.#schedule()
  }

  /**
   * Whether the signal has aborted, perhaps while an answer was pending: a holder that knows of the loss need not release the
   * lock.
   */
  get #isKnownLost(): boolean {
    return this.#hold.lease?.closed === true
  }
}
