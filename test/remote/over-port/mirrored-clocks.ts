import { ManualClock } from '@go-go-scope/persistence-conformance'

interface Clock {
  now(): number
  monotonic(): number
}

/** The clocks of tests, shown to the thread of the owner in memory that both share. */
export class MirroredClocks {
  readonly #mirrors = new WeakMap<object, Float64Array>()
  readonly #numbers = new WeakMap<object, number>()
  #last = 0
  /** A reading may move a clock on. */
  #showing = false
  readonly #moved: () => void

  /** @param moved To be called when a clock has moved on without a message to the owner. */
  constructor(moved: () => void) {
    this.#moved = moved
  }

  /** The same for one clock, so that it is one at the owner too. */
  numberOf(clock: Clock): number {
    const number = this.#numbers.get(clock) ?? ++this.#last
    this.#numbers.set(clock, number)
    return number
  }

  /** The memory in which `clock` is shown: wall time, monotonic time, and whether the latter goes by itself. */
  memoryOf(clock: Clock): SharedArrayBuffer {
    const shown =
      this.#mirrors.get(clock) ?? new Float64Array(new SharedArrayBuffer(3 * Float64Array.BYTES_PER_ELEMENT))
    if (!this.#mirrors.has(clock)) {
      this.#mirrors.set(clock, shown)
      shown[2] = goesByItself(clock) ? 1 : 0
      if (clock instanceof ManualClock) this.#watch(clock)
    }
    this.show(clock)
    return shown.buffer as SharedArrayBuffer
  }

  /** Shows what time it is now. */
  show(clock: Clock): void {
    const shown = this.#mirrors.get(clock)
    if (shown === undefined || this.#showing) return
    this.#showing = true
    shown[0] = clock.now()
    const monotonic = clock.monotonic()
    shown[1] = monotonic
    this.#showing = false
  }

  #watch(clock: ManualClock): void {
    for (const name of ['advance', 'pass', 'jump'] as const) {
      const move = clock[name]
      Object.assign(clock, {
        [name]: (ms: number) => {
          move(ms)
          this.show(clock)
          this.#moved()
        },
      })
    }
  }
}

function goesByItself(clock: Clock): boolean {
  if (clock instanceof ManualClock) return false
  const before = clock.monotonic()
  const end = performance.now() + 0.2
  while (performance.now() < end);
  return clock.monotonic() > before
}
