import type { Connection } from '../../connection/connection.js'
import { Fifo } from '../../queue/fifo.js'
import { inNextTurn } from '../../time/clock.js'
import type { Turn } from '../../time/turn.js'
import type { Answered } from './lock-manager.js'

/**
 * The order of the calls about locks in memory, over all adapters on one handle and all that it serves: where a call has to
 * wait for the next turn of the event loop, those that come after it wait too.
 */
export class CallsInOrder {
  readonly #turn: Turn
  readonly #waiting = new Fifo<() => void>()

  constructor({ clock }: Connection) {
    this.#turn = clock.turn
  }

  /** Runs a call at once, or in the next turn where this one has taken long. */
  inTurn<Result>(call: () => Result): Answered<Result> {
    return this.#waiting.length === 0 && !this.#turn.seemsLong() ? call() : this.#later(call)
  }

  /** Runs a call at once, or after those that wait. */
  run<Result>(call: () => Result): Answered<Result> {
    return this.#waiting.length === 0 ? call() : this.#later(call)
  }

  /**
   * Runs all that wait, also in a turn that others use up: each is short, and no caller goes on before the last has run.
   * A listener that is told of a loss meanwhile may call: what it calls comes after them.
   */
  runWaiting(): void {
    if (this.#waiting.length === 0) return
    // They count as part of this turn: what their callers call next has so much less of it.
    this.#turn.seemsLong()
    for (let [call] = this.#waiting.take(1); call !== undefined; [call] = this.#waiting.take(1)) call()
  }

  #later<Result>(call: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => {
        try {
          resolve(call())
        } catch (error) {
          reject(error)
        }
      })
      if (this.#waiting.length === 1) inNextTurn(() => this.runWaiting())
    })
  }
}
