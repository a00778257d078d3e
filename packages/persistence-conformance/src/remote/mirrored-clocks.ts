import type { ClockUnderTest } from '../engine-under-test.js'
import { ManualClock } from '../manual-clock.js'

/** A clock of a test, as the owner sees it. */
export interface SharedClock {
  readonly number: number
  /** Wall time, monotonic time, and whether the latter advances by itself: in shared memory, or as a copy. */
  readonly shown: SharedArrayBuffer | readonly number[]
}

/** A clock in shared memory. */
export type ClockInMemory = SharedClock & { readonly shown: SharedArrayBuffer }

/** Shows the clocks of tests to the owner's thread, in shared memory. */
export class MirroredClocks {
  readonly #shared = new WeakMap<ClockUnderTest, ClockInMemory>()
  readonly #moved: (clock: ClockUnderTest) => void
  #last = 0
  /** Guards against recursion, because reading a clock may advance it. */
  #showing = false

  /** @param moved Called when a clock has advanced without a message to the owner. */
  constructor(moved: (clock: ClockUnderTest) => void) {
    this.#moved = moved
  }

  share(clock: ClockUnderTest): ClockInMemory {
    let shared = this.#shared.get(clock)
    if (shared === undefined) {
      shared = { number: ++this.#last, shown: new SharedArrayBuffer(3 * Float64Array.BYTES_PER_ELEMENT) }
      this.#shared.set(clock, shared)
      new Float64Array(shared.shown)[2] = goesByItself(clock) ? 1 : 0
      if (clock instanceof ManualClock) this.#watch(clock)
    }
    this.show(clock)
    return shared
  }

  /** Writes the current time to shared memory. */
  show(clock: ClockUnderTest): void {
    const shared = this.#shared.get(clock)
    if (shared === undefined || this.#showing) return
    this.#showing = true
    const shown = new Float64Array(shared.shown)
    shown[0] = clock.now()
    shown[1] = clock.monotonic()
    this.#showing = false
  }

  #watch(clock: ManualClock): void {
    for (const name of ['advance', 'pass', 'jump'] as const) {
      const move = clock[name]
      const moveAndShow = (ms: number): void => {
        move(ms)
        this.show(clock)
        this.#moved(clock)
      }
      Object.assign(clock, { [name]: moveAndShow })
    }
  }
}

function goesByItself(clock: ClockUnderTest): boolean {
  if (clock instanceof ManualClock) return false
  const before = clock.monotonic()
  const end = performance.now() + 0.2
  while (performance.now() < end);
  return clock.monotonic() > before
}
