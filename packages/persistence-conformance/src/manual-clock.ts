const PER_READING_MS = 3
const STOPPED_MS = 1_000

interface Timer {
  readonly due: number
  readonly keepAlive: boolean
  readonly callback: () => void
}

/**
 * A clock that stands still until it is moved.
 *
 * Waiting for a busy file uses the clock too, so tests in which connections really contend use real time.
 */
export class ManualClock {
  // Not a whole second, so that rounding to seconds is detected.
  #wall = Date.UTC(2026, 0, 1) + 123
  #monotonic = 5_000
  readonly #timers = new Set<Timer>()

  readonly #drags: boolean
  #stops = 0
  #readingsLeft = 0

  /** @param options.drags Simulates a process that gets little CPU time: each reading advances the clock, sometimes by a lot. */
  constructor({ drags = false }: { drags?: boolean } = {}) {
    this.#drags = drags
  }

  readonly now = (): number => {
    this.#drag()
    return this.#wall
  }

  readonly monotonic = (): number => {
    this.#drag()
    return this.#monotonic
  }

  readonly setTimer = (callback: () => void, delay: number, options?: { keepAlive?: boolean }): (() => void) => {
    const due = this.#monotonic + Math.max(0, delay)
    const timer = { due, callback, keepAlive: options?.keepAlive === true }
    this.#timers.add(timer)
    return () => {
      this.#timers.delete(timer)
    }
  }

  /** The number of timers that have not fired. */
  get pending(): number {
    return this.#timers.size
  }

  /** Whether a pending timer keeps the process alive. */
  get keepsAlive(): boolean {
    return [...this.#timers].some(({ keepAlive }) => keepAlive)
  }

  /** Advances wall and monotonic time without firing timers, as time passes while code runs. */
  readonly pass = (ms: number): void => {
    this.#wall += ms
    this.#monotonic += ms
  }

  /** Advances wall and monotonic time by `ms` and fires the due timers in order, each at its own time. */
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

  /** Moves only the wall clock, forward or back, as an operator or a time server does. */
  readonly jump = (ms: number): void => {
    this.#wall += ms
  }

  #drag(): void {
    if (!this.#drags) return
    const stops = this.#readingsLeft-- === 0
    // After an increasing number of readings, so that each reading in a sequence is hit once.
    if (stops) this.#readingsLeft = ++this.#stops
    this.advance(stops ? STOPPED_MS : PER_READING_MS)
  }

  #nextUntil(end: number): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers) if (timer.due <= end && (next === undefined || timer.due < next.due)) next = timer
    return next
  }
}
