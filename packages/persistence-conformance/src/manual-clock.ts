interface Timer {
  readonly due: number
  readonly callback: () => void
}

/**
 * A clock that stands still until told to move.
 *
 * Waiting for a busy file goes through the clock as well: where connections really contend, tests use real time.
 */
export class ManualClock {
  // Off a whole second, so that rounding to seconds shows.
  #wall = Date.UTC(2026, 0, 1) + 123
  #monotonic = 5_000
  readonly #timers = new Set<Timer>()

  readonly now = (): number => this.#wall

  readonly monotonic = (): number => this.#monotonic

  readonly setTimer = (callback: () => void, delay: number, _options?: { keepAlive?: boolean }): (() => void) => {
    const timer = { due: this.#monotonic + Math.max(0, delay), callback }
    this.#timers.add(timer)
    return () => {
      this.#timers.delete(timer)
    }
  }

  /** Timers that have not fired. */
  get pending(): number {
    return this.#timers.size
  }

  /** Moves wall and monotonic time on by `ms` and fires what falls due, in order, each at its own time. */
  readonly advance = (ms: number): void => {
    const end = this.#monotonic + ms
    for (let next = this.#nextUntil(end); next !== undefined; next = this.#nextUntil(end)) {
      this.#timers.delete(next)
      const step = Math.max(0, next.due - this.#monotonic)
      this.#monotonic += step
      this.#wall += step
      next.callback()
    }
    this.#wall += end - this.#monotonic
    this.#monotonic = end
  }

  /** Moves only the wall clock, forth or back, as an operator or a time server does. */
  readonly jump = (ms: number): void => {
    this.#wall += ms
  }

  #nextUntil(end: number): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers) if (timer.due <= end && (next === undefined || timer.due < next.due)) next = timer
    return next
  }
}
