import { Fifo } from '../../queue/fifo.js'
import { PIECE, WINDOW } from './protocol.js'

/** As {@link WINDOW.units}, while nobody waits for the client. One that reads, but not as fast as the owner answers, is within that. */
const LAST_UNITS = 16 * WINDOW.units
// What the channel takes for a short message that waits to be read, roughly: 60 bytes between threads, 1,300 to a process of Node.
const NOTIFICATION_UNITS = 256

/**
 * Flow control of the answers and notifications to one client: how many bytes it may have unread. The owner sends a mark after each
 * {@link PIECE} of them, and the client confirms each mark once it has read it.
 */
export class AnswerCredit {
  /** Approximate bytes that were sent and not confirmed, and those of them after the last mark. */
  #unread = 0
  #sinceMark = 0
  #allowed = WINDOW.units
  readonly #beforeMarks = new Fifo<number>()
  /** The moving average of bytes per answer. */
  averageUnits = 0

  /** How many more answers fit besides those that are unread and `pending` more. */
  roomBeside(pending: number): number {
    const units = this.#allowed - this.#unread - pending * this.averageUnits
    return units < 0 ? 0 : 1 + Math.floor(units / Math.max(this.averageUnits, 1))
  }

  /** Whether another notification may be sent. Not if less was read than by any client that reads. */
  get mayNotify(): boolean {
    return this.#unread < LAST_UNITS
  }

  /** From now on allows {@link LAST_UNITS}. */
  widen(): void {
    this.#allowed = LAST_UNITS
  }

  /** The client has read what was sent before the oldest mark. */
  confirm(): void {
    for (const units of this.#beforeMarks.take(1)) this.#unread -= units
  }

  /** Counts an answer without rows. */
  sentNothing(): void {
    this.averageUnits -= this.averageUnits / 8
  }

  /** Counts answers of so many bytes. @returns whether a mark must be sent behind them. */
  sent(units: number, answers: number): boolean {
    this.averageUnits += (units / answers - this.averageUnits) * Math.min(1, answers / 8)
    return this.#count(units)
  }

  /** Counts a notification of so many bytes. @returns as {@link sent}. */
  notified(units: number): boolean {
    return this.#count(NOTIFICATION_UNITS + units)
  }

  #count(units: number): boolean {
    this.#unread += units
    this.#sinceMark += units
    if (this.#sinceMark < PIECE.units) return false
    this.#beforeMarks.push(this.#sinceMark)
    this.#sinceMark = 0
    return true
  }
}
