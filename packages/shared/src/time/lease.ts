import type { PersistenceError } from '../errors/persistence-error.js'
import type { Clock } from './clock.js'

// No timer fires when the lead grows: while the machine is suspended, the timers of Linux stand still. So the lead is read again
// after a tenth of the remaining time plus this.
const SHORTEST_PAUSE_MS = 1_000
const TENTH = 0.1
const LONGEST_MARGIN_MS = 1_000

/** Returns the ms before the end of a lease at which its holder stops relying on it: a tenth of the lease, at most 1 s. */
export function leaseMargin(duration: number): number {
  return Math.min(duration * TENTH, LONGEST_MARGIN_MS)
}

/** A clock that may know by how much the lease time of a file is ahead of it, as a `ConnectionClock` does. */
type LeaseClock = Clock & { readonly lead?: number | undefined }

/** When a lease ends, as its holder may assume it. */
export interface LeaseTerm {
  /** Monotonic ms; may be Infinity. */
  readonly end: number
  /** ms before the end at which its holder stops relying on it. */
  readonly margin: number
  /** The `lead` of a `ConnectionClock` when the end was set. `undefined` if only the monotonic clock counts. */
  readonly lead: number | undefined
}

/**
 * A lease as its holder may assume it by the local monotonic clock. A database uses wall time, which can jump. A holder that
 * follows this lease never outlives the stored one, and its signal aborts a margin early.
 */
export class Lease {
  readonly #clock: LeaseClock
  readonly #lost: (reason?: string) => PersistenceError
  #term: LeaseTerm
  #closed = false
  #controller: AbortController | undefined
  #cancelTimer: (() => void) | undefined

  /** @param lost Creates the error with which the signal aborts. Without a reason, the local clock has reached the end. */
  constructor(clock: LeaseClock, term: LeaseTerm, lost: (reason?: string) => PersistenceError) {
    this.#clock = clock
    this.#term = term
    this.#lost = lost
  }

  /** Created at the first read: a lease that no caller watches needs no timer. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (!this.#closed) this.#watch()
    }
    return this.#controller.signal
  }

  /** Whether the holder has ended it, or it was found to be lost. */
  get closed(): boolean {
    return this.#closed
  }

  /** Whether the end is reached by the local clock, without the margin. */
  get ended(): boolean {
    return this.#clock.monotonic() >= this.#term.end
  }

  /** Whether the holder may still rely on the lease: it is neither over nor within the margin. */
  get safe(): boolean {
    return !this.#closed && this.#clock.monotonic() < this.#term.end - this.#term.margin
  }

  /** Moves the end. */
  moveTo(term: LeaseTerm): void {
    const sooner = term.end - term.margin < this.#term.end - this.#term.margin
    this.#term = term
    // A timer that fires early checks the end and waits again: resetting it at every extension would cost more.
    if (sooner && !this.#closed && this.#controller !== undefined) this.#watch()
  }

  /** Ends the lease by its holder: the signal does not abort. */
  settle(): void {
    this.#closed = true
    this.#stopTimer()
  }

  /** Ends the lease as lost: the signal aborts, unless the lease is already over. */
  lose(reason?: string): void {
    if (this.#closed) return
    this.settle()
    this.#controller ??= new AbortController()
    this.#controller.abort(this.#lost(reason))
  }

  #watch(): void {
    this.#stopTimer()
    const { end, margin, lead } = this.#term
    // Only here: what is over in the file is refused there, and what is not over may still be renewed.
    const grown = lead === undefined ? 0 : Math.max(0, (this.#clock.lead as number) - lead)
    const remaining = end - margin - this.#clock.monotonic() - grown
    if (remaining <= 0) this.lose()
    else if (remaining < Number.POSITIVE_INFINITY) {
      const pause = lead === undefined ? remaining : SHORTEST_PAUSE_MS + Math.ceil(remaining * TENTH)
      this.#cancelTimer = this.#clock.setTimer(() => this.#watch(), Math.min(remaining, pause))
    }
  }

  #stopTimer(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }
}
