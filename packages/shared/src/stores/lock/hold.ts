import { PersistenceError } from '../../errors/persistence-error.js'
import type { Clock } from '../../time/clock.js'

/** Who holds a lock. Plain and small: a process may hold a million. */
export interface Hold {
  /** Grows with every grant. */
  readonly token: number
  /** As given by the holder; `undefined` for a made-up one of a lock in memory, whose name follows from the token. */
  readonly owner: string | undefined
  /** Monotonic ms; -Infinity once the lease was lost. */
  expiresAt: number
  /** How long before the expiry the signal aborts, in ms; absent: none. */
  margin?: number
  /** Handles that have not been released. */
  count: number
  /** There once somebody watches the lease. */
  lease: Lease | undefined
}

/** The abort signal of a hold, with the timer that notices its expiry. */
export class Lease {
  readonly #controller = new AbortController()
  readonly #hold: Hold
  readonly #clock: Clock
  readonly #key: string
  #cancelTimer: (() => void) | undefined

  constructor(hold: Hold, clock: Clock, key: string) {
    this.#hold = hold
    this.#clock = clock
    this.#key = key
    this.follow()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Looks at the hold's expiry again. Needed only when it came closer: a timer that fires early looks by itself. */
  follow(): void {
    this.settle()
    const remaining = this.#hold.expiresAt - (this.#hold.margin ?? 0) - this.#clock.monotonic()
    if (remaining <= 0) {
      this.lose(`the lease of lock ${JSON.stringify(this.#key)} expired`)
    } else if (remaining < Number.POSITIVE_INFINITY) {
      this.#cancelTimer = this.#clock.setTimer(() => this.follow(), remaining)
    }
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
}

/** Moves the expiry of a hold to `expiresAt`, in monotonic ms. */
export function moveExpiry(hold: Hold, expiresAt: number): void {
  const sooner = expiresAt < hold.expiresAt
  hold.expiresAt = expiresAt
  if (sooner) hold.lease?.follow()
}

/** Tells whoever watches the lease that it is gone. */
export function loseHold(hold: Hold, reason: string): void {
  hold.expiresAt = Number.NEGATIVE_INFINITY
  hold.lease?.lose(reason)
}

/** Whether the lease was lost, whoever found out. */
export function isLost(hold: Hold): boolean {
  return hold.expiresAt === Number.NEGATIVE_INFINITY
}
