import type { Connection } from '../../connection/connection.js'
import { Fifo } from '../../queue/fifo.js'
import { inNextTurn } from '../../time/clock.js'
import type { Turn } from '../../time/turn.js'
import type { MaybePromise } from './lock-manager.js'

/**
 * Keeps the order of calls about locks in memory, across all adapters on one handle and all clients that it serves: when a call
 * has to wait for the next turn of the event loop, later calls wait too.
 */
export class CallsInOrder {
  readonly #turn: Turn
  readonly #waiting = new Fifo<() => void>()

  constructor({ clock }: Connection) {
    this.#turn = clock.turn
  }

  /** Whether calls are waiting, so that the next one must wait too. */
  get areWaiting(): boolean {
    return this.#waiting.length > 0
  }

  /** Returns whether the next call must wait, for the waiting ones or because this turn has taken long. */
  mustPause(): boolean {
    return this.areWaiting || this.#turn.seemsLong()
  }

  /** Runs a call immediately, or after the waiting ones. */
  run<Result>(call: () => Result): MaybePromise<Result> {
    return this.areWaiting ? this.later(call) : call()
  }

  /**
   * Runs all waiting calls, even if others use up the turn: each is short, and no caller continues before the last has run. A
   * listener that is notified of a loss meanwhile may make calls; these come after the waiting ones.
   */
  runWaiting(): void {
    if (this.#waiting.length === 0) return
    // They count as part of this turn: later calls of their callers have less of it left.
    this.#turn.seemsLong()
    for (let [call] = this.#waiting.take(1); call !== undefined; [call] = this.#waiting.take(1)) call()
  }

  /** Runs a call in the next turn, after the waiting ones. */
  later<Result>(call: () => Result): Promise<Result> {
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
