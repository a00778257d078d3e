import type { Clock } from './clock.js'

interface Shared {
  readonly time: LeaseClock
  users: number
}

const ofFiles = new WeakMap<Clock, Map<string, Shared>>()

/**
 * Epoch ms for leases that other processes check too. It follows the wall clock forward, never back, and advances at the rate of
 * the monotonic clock while the wall clock is behind. So a wall clock that is set back neither revives a lease nor prolongs one,
 * and does not undo a time that another process has seen ({@link observe}).
 *
 * Connections of this process to one file share it. Files do not: a file written under a clock that was ahead must not end the
 * leases in another file.
 */
export class LeaseClock {
  readonly #clock: Clock
  readonly #follows: boolean
  #latest = Number.NEGATIVE_INFINITY
  #readAt = 0

  /**
   * Returns the time of a file, for all connections of this process that use `clock`.
   *
   * @param identity The identity of the file, equal for all its names.
   * @returns the clock, and `leave`, which ends the sharing; call it once.
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

  /** @param follows `false` if stored times come from another clock, which {@link observe} must not adopt. */
  constructor(clock: Clock, follows = true) {
    this.#clock = clock
    this.#follows = follows
  }

  /** Whether it was read before: from then on it has followed every change of the wall clock. */
  get started(): boolean {
    return this.#latest !== Number.NEGATIVE_INFINITY
  }

  /** Returns whole epoch ms. */
  now(): number {
    return Math.floor(this.#advance())
  }

  /** Adopts a later time that any process using the same file has stored. */
  observe(time: number): void {
    if (this.#follows && time > this.#advance()) this.#latest = time
  }

  #advance(): number {
    // The wall clock first: if the process is delayed between the reads, the delay would otherwise count twice from then on and,
    // through the file, for every other process too.
    const wall = this.#clock.now()
    const monotonic = this.#clock.monotonic()
    this.#latest = Math.max(wall, this.#latest + monotonic - this.#readAt)
    this.#readAt = monotonic
    return this.#latest
  }
}
