import { PersistenceError } from '../errors/persistence-error.js'
import type { Clock } from '../time/clock.js'

/** Who holds a lock. Plain and small: a process may hold a million. */
export interface Hold {
  /** Grows with every grant in this process. */
  readonly token: number
  /** As given by the holder; `undefined` for a made-up one, whose name follows from the token. */
  readonly owner: string | undefined
  /** Monotonic ms. */
  expiresAt: number
  /** Handles that have not been released. */
  count: number
  /** There once somebody watches the lease. */
  lease: Lease | undefined
}

/** The abort signal of a hold, with the timer that notices its expiry. */
export class Lease {
  readonly #controller = new AbortController()
  #cancelTimer: (() => void) | undefined

  constructor(hold: Hold, clock: Clock, key: string) {
    this.#watch(hold, clock, key)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** The lease ended as its holder wanted: no abort. */
  settle(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  lose(reason: string): void {
    this.settle()
    this.#controller.abort(new PersistenceError('LOCK_LOST', 'lock', `lock: ${reason}`))
  }

  #watch(hold: Hold, clock: Clock, key: string): void {
    const remaining = hold.expiresAt - clock.monotonic()
    if (remaining <= 0) {
      this.lose(`the lease of lock ${JSON.stringify(key)} expired`)
    } else if (remaining < Number.POSITIVE_INFINITY) {
      // An extension moves the expiry without touching the timer; it looks again when it fires.
      this.#cancelTimer = clock.setTimer(() => this.#watch(hold, clock, key), remaining)
    }
  }
}

/** Tells whoever watches the lease that it is gone. */
export function loseHold(hold: Hold, reason: string): void {
  hold.expiresAt = Number.NEGATIVE_INFINITY
  hold.lease?.lose(reason)
}
