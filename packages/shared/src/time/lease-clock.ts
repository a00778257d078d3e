import type { Clock } from './clock.js'

interface Shared {
  readonly time: LeaseClock
  users: number
}

const ofFiles = new WeakMap<Clock, Map<string, Shared>>()

/**
 * Epoch ms for leases that other processes judge too: follows the wall clock forward, never back, and goes on at the rate
 * of the monotonic clock while the wall clock is behind. A wall clock that is set back can therefore neither revive a
 * lease nor make one last longer, and time that another process has seen ({@link observe}) is not undone either.
 *
 * Connections of this process to one file agree on it. Files do not: one that was written by a clock that was ahead must
 * not end the leases in another.
 */
export class LeaseClock {
  readonly #clock: Clock
  readonly #follows: boolean
  #latest = Number.NEGATIVE_INFINITY
  #readAt = 0

  /**
   * The time of a file, for all connections of this process that go by `clock`.
   *
   * @param identity Of the file, the same for all its names.
   * @returns the clock, and `leave`, which ends the sharing; to be called once.
   */
  static ofFile(clock: Clock, identity: string): { readonly time: LeaseClock; readonly leave: () => void } {
    const files = ofFiles.get(clock) ?? new Map<string, Shared>()
    ofFiles.set(clock, files)
    const shared = files.get(identity) ?? { time: new LeaseClock(clock), users: 0 }
    files.set(identity, shared)
    shared.users++
    const leave = (): void => {
      if (--shared.users === 0) files.delete(identity)
    }
    return { time: shared.time, leave }
  }

  /** @param follows `false` where stored times are those of another clock, which {@link observe} must not take over. */
  constructor(clock: Clock, follows = true) {
    this.#clock = clock
    this.#follows = follows
  }

  /** Whether it was read before: from then on it has followed every change of the wall clock. */
  get started(): boolean {
    return this.#latest !== Number.NEGATIVE_INFINITY
  }

  /** Whole epoch ms. */
  now(): number {
    return Math.floor(this.#advance())
  }

  /** Takes note of a time that was stored by any process that uses the same file. */
  observe(time: number): void {
    if (this.#follows && time > this.#advance()) this.#latest = time
  }

  #advance(): number {
    // The wall clock first: were the process held up between the readings, the time held up would count twice from then
    // on, and through the file for every other process too.
    const wall = this.#clock.now()
    const monotonic = this.#clock.monotonic()
    this.#latest = Math.max(wall, this.#latest + monotonic - this.#readAt)
    this.#readAt = monotonic
    return this.#latest
  }
}
