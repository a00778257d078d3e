const PER_READING_MS = 3
const STOPPED_MS = 1_000

interface Timer {
  readonly due: number
  readonly keepAlive: boolean
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

  readonly #drags: boolean
  #stops = 0
  #readingsLeft = 0

  /** @param options.drags The clock of a process that gets little time to run: each reading moves it on, some by much. */
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

  /** Timers that have not fired. */
  get pending(): number {
    return this.#timers.size
  }

  /** Whether one of those keeps the process alive. */
  get keepsAlive(): boolean {
    return [...this.#timers].some(({ keepAlive }) => keepAlive)
  }

  /** Moves wall and monotonic time on without a timer firing, as time does while code runs. */
  readonly pass = (ms: number): void => {
    this.#wall += ms
    this.#monotonic += ms
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

  #drag(): void {
    if (!this.#drags) return
    const stops = this.#readingsLeft-- === 0
    // After ever more readings, so that of those that belong together each has its turn.
    if (stops) this.#readingsLeft = ++this.#stops
    this.advance(stops ? STOPPED_MS : PER_READING_MS)
  }

  #nextUntil(end: number): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers) if (timer.due <= end && (next === undefined || timer.due < next.due)) next = timer
    return next
  }
}
