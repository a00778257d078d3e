import { ManualClock } from './manual-clock.js'

const PER_READING_MS = 3
const STOPPED_MS = 1_000

/** The clock of a process that gets little time to run: it moves on at every reading, now and then by much. */
export class DraggingClock {
  readonly #clock = new ManualClock()
  #stops = 0
  #readingsLeft = 0

  readonly now = (): number => this.#moved().now()

  readonly monotonic = (): number => this.#moved().monotonic()

  readonly setTimer = (callback: () => void, delay: number): (() => void) => this.#clock.setTimer(callback, delay)

  #moved(): ManualClock {
    const stops = this.#readingsLeft-- === 0
    // After ever more readings, so that of those that belong together each has its turn.
    if (stops) this.#readingsLeft = ++this.#stops
    this.#clock.advance(stops ? STOPPED_MS : PER_READING_MS)
    return this.#clock
  }
}
