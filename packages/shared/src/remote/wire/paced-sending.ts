import { inNextTurn, systemClock } from '../../time/clock.js'

// As long as the calls of one turn may block the event loop, less the messages that are under way when they end.
const LONGEST_TURN_MS = 5
// Reading the clock and an immediate cost a tenth of a message.
const MESSAGES_BETWEEN_CLOCK_READS = 4

type Refuse = (reason: unknown) => void

/**
 * Sends messages to another thread or process, in order: at once, or in the next turn of the event loop if this turn has
 * already taken long.
 *
 * Node emits up to a thousand messages of a port within one turn, as long as there is a next one. If the other end runs on
 * another core, its answer to what was sent during one message arrives before that message is done, and no timer fires until
 * the thousandth. Without a message from here there is no next answer.
 */
export class PacedSending<Message> {
  readonly #send: (message: Message) => void
  readonly #monotonic: () => number
  /** When the clock was first read in this turn. */
  #began: number | undefined
  #left = 1
  #held: (readonly [message: Message, refuse: Refuse])[] = []

  /** @param monotonic In ms. The real clock also in tests, because it measures the event loop. */
  constructor(send: (message: Message) => void, monotonic: () => number = systemClock.monotonic) {
    this.#send = send
    this.#monotonic = monotonic
  }

  /** @param refuse Called with the reason if the message cannot be sent. Later messages are still sent. */
  send(message: Message, refuse: Refuse): void {
    if (this.#held.length > 0) this.#held.push([message, refuse])
    else if (--this.#left > 0 || !this.#isLong()) this.#sendNow(message, refuse)
    else {
      this.#held.push([message, refuse])
      inNextTurn(() => {
        // Messages that are sent meanwhile are added at the end.
        for (const [held, refuseHeld] of this.#held) this.#sendNow(held, refuseHeld)
        this.#held = []
      })
    }
  }

  #sendNow(message: Message, refuse: Refuse): void {
    try {
      this.#send(message)
    } catch (error) {
      refuse(error)
    }
  }

  #isLong(): boolean {
    this.#left = MESSAGES_BETWEEN_CLOCK_READS
    const now = this.#monotonic()
    if (this.#began !== undefined) return now - this.#began >= LONGEST_TURN_MS
    this.#began = now
    inNextTurn(() => {
      this.#began = undefined
    })
    return false
  }
}
