import type { Clock } from './clock.js'

interface Shared {
  readonly time: LeaseClock
  users: number
}

const ofConnections = new WeakMap<Clock, LeaseClock>()
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
  #latest = Number.NEGATIVE_INFINITY
  #readAt = 0

  /** @param clock That of one connection, an object of its own. */
  static of(clock: Clock): LeaseClock {
    let leaseClock = ofConnections.get(clock)
    if (leaseClock === undefined) {
      leaseClock = new LeaseClock(clock)
      ofConnections.set(clock, leaseClock)
    }
    return leaseClock
  }

  /**
   * Gives a connection the time of its file.
   *
   * @param clock As for {@link of}.
   * @param source The clock that it goes by, which other connections may go by too.
   * @param file Its identity, whatever it is called.
   * @returns ends the sharing; to be called once.
   */
  static share(clock: Clock, source: Clock, file: string): () => void {
    const files = ofFiles.get(source) ?? new Map<string, Shared>()
    ofFiles.set(source, files)
    const shared = files.get(file) ?? { time: new LeaseClock(source), users: 0 }
    files.set(file, shared)
    shared.users++
    ofConnections.set(clock, shared.time)
    return () => {
      if (--shared.users === 0) files.delete(file)
    }
  }

  private constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whole epoch ms. */
  now(): number {
    return Math.floor(this.#advance())
  }

  /** Takes note of a time that was stored by anybody who uses the same file. */
  observe(time: number): void {
    if (time > this.#advance()) this.#latest = time
  }

  #advance(): number {
    // The wall clock first: were the process held up between the readings, the time held up would count twice from then on,
    // and through the file for every other process too.
    const wall = this.#clock.now()
    const monotonic = this.#clock.monotonic()
    this.#latest = Math.max(wall, this.#latest + monotonic - this.#readAt)
    this.#readAt = monotonic
    return this.#latest
  }
}
