import { type Clock, inNextTurn } from './clock.js'

// A little below the 10 ms that are promised: the call that is under way when they are over still has to end.
const LONGEST_TURN_MS = 8
// A look at the clock costs up to a tenth of a short statement. Calls that are short go several between two looks.
const LOOK_EVERY_MS = 0.5
const MOST_CALLS_BETWEEN_LOOKS = 32

const turns = new WeakMap<Clock, Turn>()

/**
 * How long the calls of this thread have held its event loop since the loop last had a turn. A caller that awaits a call
 * which is answered at once goes on within the same turn: without a pause no timer would fire, and no lease be renewed,
 * until that caller has made its last call.
 */
export class Turn {
  readonly #clock: Clock
  /** Monotonic ms of the first look in this turn. */
  #began: number | undefined
  #looked = 0
  #callsBetween = 1
  #callsLeft = 1
  /** Counts the turns in which there was a look. */
  number = 0

  /** The one of all connections that go by `clock`: they share the event loop. */
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

  /** {@link isLong}, by a look at the clock only where enough calls were made since the last one. */
  seemsLong(): boolean {
    return --this.#callsLeft <= 0 && this.isLong()
  }

  /** Whether what comes next should wait for the next turn of the event loop. */
  isLong(): boolean {
    const now = this.#clock.monotonic()
    if (this.#began === undefined) {
      this.#begin(now)
    } else {
      // By the pace of the calls since the last look; the first ones of a turn are watched more closely.
      const calls = Math.max(1, this.#callsBetween - this.#callsLeft)
      const affordable = Math.floor((LOOK_EVERY_MS * calls) / (now - this.#looked))
      this.#callsBetween = Math.max(1, Math.min(2 * this.#callsBetween, MOST_CALLS_BETWEEN_LOOKS, affordable))
    }
    this.#callsLeft = this.#callsBetween
    this.#looked = now
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
