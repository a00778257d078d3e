import { type Clock, inNextTurn } from './clock.js'

// A little below the promised 10 ms, because the running call still has to end.
const LONGEST_TURN_MS = 8
// Reading the clock costs up to a tenth of a short statement, so several short calls run between two reads.
const READ_CLOCK_EVERY_MS = 0.5
const MAX_CALLS_BETWEEN_READS = 32

const turns = new WeakMap<Clock, Turn>()

/**
 * Measures how long the calls of this thread have blocked its event loop since its last turn. A caller that awaits a
 * synchronously answered call continues within the same turn. Without a pause, no timer would fire and no lease be renewed until
 * that caller has made its last call.
 */
export class Turn {
  readonly #clock: Clock
  /** Monotonic ms of the first clock read in this turn. */
  #began: number | undefined
  #readAt = 0
  #callsBetween = 1
  #callsLeft = 1
  /** Counts the turns in which the clock was read. */
  number = 0

  /** Returns the turn of all connections that use `clock`, because they share the event loop. */
  static of(clock: Clock): Turn {
    let turn = turns.get(clock)
    if (turn === undefined) {
      turn = new Turn(clock)
      turns.set(clock, turn)
    }
    return turn
  }

  private constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Like {@link isLong}, but reads the clock only if enough calls were made since the last read. */
  seemsLong(): boolean {
    return --this.#callsLeft <= 0 && this.isLong()
  }

  /** Returns whether the next work should wait for the next turn of the event loop. */
  isLong(): boolean {
    const now = this.#clock.monotonic()
    if (this.#began === undefined) {
      this.#begin(now)
    } else {
      // Based on the duration of the calls since the last read; the first calls of a turn are checked more often.
      const calls = Math.max(1, this.#callsBetween - this.#callsLeft)
      const affordable = Math.floor((READ_CLOCK_EVERY_MS * calls) / (now - this.#readAt))
      this.#callsBetween = Math.max(1, Math.min(2 * this.#callsBetween, MAX_CALLS_BETWEEN_READS, affordable))
    }
    this.#callsLeft = this.#callsBetween
    this.#readAt = now
    return now - (this.#began ?? now) >= LONGEST_TURN_MS
  }

  #begin(now: number): void {
    this.#began = now
    this.#callsBetween = 1
    inNextTurn(() => {
      this.#began = undefined
      this.#callsLeft = 1
      this.number++
    })
  }
}
